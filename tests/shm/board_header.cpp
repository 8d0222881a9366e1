#include "board_header.c"  // NOLINT(bugprone-suspicious-include): the same text in another language
