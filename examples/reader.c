/* A trading program in C beside a running monitor: asks the shared board before it acts.
 * usage: reader [BOARD [STREAM]]      build: cc -std=c11 reader.c -lfeedwatch_board */
#include <stdio.h>

#include "feedwatch/board.h"

static int act(const fw_board* board, const char* name, int64_t max_age_ns) {
  fw_read_options limits = FW_READ_OPTIONS_INIT;
  fw_price price = FW_PRICE_INIT;
  limits.max_age_ns = max_age_ns;
  int code = fw_board_price(board, fw_board_find(board, name), &limits, &price);
  if (code == FW_OK) {
    printf("buy at %s, %.3f s old, %s\n", price.price.text, (double)price.receive_age_ns / 1e9,
           fw_level_text(price.level));
  } else {
    printf("do nothing: %s\n", fw_refusal_text(code));
  }
  return code;
}

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "feedwatch";
  const char* name = argc > 2 ? argv[2] : "demo/BTCUSDT/mark";
  fw_error error = FW_ERROR_INIT;
  fw_board* board = fw_board_open(path, &error);
  if (board == NULL) {
    fprintf(stderr, "reader: %s\n", error.text);
    return 1;
  }
  int young = act(board, name, 5000000000);
  int none_is_that_young = act(board, name, 1);
  fw_board_close(board);
  return young == FW_OK && none_is_that_young == FW_TOO_OLD ? 0 : 1;
}
