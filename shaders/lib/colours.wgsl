// Channels of the resident image: three, red, green and blue, or one, which is grey.
override COLOURS: u32 = 3u;
