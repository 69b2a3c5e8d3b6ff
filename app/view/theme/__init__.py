"""The look as data: tokens, fonts, icons, colour maps, and the style sheet made of them."""
