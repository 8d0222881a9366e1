/* feedwatch/board.h as its callers compile it: C11, and C++ from 17 on (board_header.cpp). */
#include "feedwatch/board.h"

int board_header(const fw_board* board, fw_stream stream);

int board_header(const fw_board* board, fw_stream stream) {
  fw_error error = FW_ERROR_INIT;
  fw_read_options options = FW_READ_OPTIONS_INIT;
  fw_price price = FW_PRICE_INIT;
  const int sized = error.size == sizeof error && options.size == sizeof options &&
                    price.size == sizeof price && price.ask.text[0] == '\0' && price.seq == 0;
  return sized ? fw_board_price(board, stream, &options, &price) : FW_BAD_ARGUMENT;
}
