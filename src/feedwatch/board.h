/* The prices of a running feedwatch monitor, from another process: C11 and C++17, stable ABI.
 *
 * A monitor with `[board] shm = "feedwatch"` keeps its newest prices in /dev/shm/feedwatch. This
 * opens it read-only and answers "what is the price, how old is it, and may I act on it?" without a
 * lock, an allocation or a system call. Link with -lfeedwatch_board.
 *
 *   fw_error error = FW_ERROR_INIT;
 *   fw_board* board = fw_board_open("feedwatch", &error);
 *   fw_stream stream = fw_board_find(board, "binance-usdm/BTCUSDT/mark");
 *   fw_read_options limits = FW_READ_OPTIONS_INIT;
 *   limits.max_age_ns = 5000000000;
 *   fw_price price = FW_PRICE_INIT;
 *   if (fw_board_price(board, stream, &limits, &price) == FW_OK) act_on(price.price.text);
 *
 * A price is never without its verdict: every code but FW_OK means "do not act", and the prices of
 * fw_price are zero then.
 *
 * Threads: find and price may run in any number of threads at once. refresh and close must not run
 * beside any other call on the same board.
 *
 * Trust: a board is believed if its file is a regular one, owned by the calling user, by root or by
 * the user named when opening, and writable by its owner alone. That owner could make its readers
 * act on any price, and crash them (SIGBUS) by truncating the file.
 *
 * ABI: structures begin with their size as the caller knows it, set by the *_INIT macros. Newer
 * libraries fill what an older caller has room for; an option an older library does not know is
 * refused with FW_BAD_ARGUMENT, never ignored. Numbers are never given another meaning.
 */
#ifndef FEEDWATCH_BOARD_H
#define FEEDWATCH_BOARD_H

#include <stdint.h>

#if defined(__GNUC__)
#define FW_API __attribute__((visibility("default")))
#else
#define FW_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* C, by the rules of C. NOLINTBEGIN(modernize-*,readability-*,cppcoreguidelines-*,performance-*) */

#define FW_BOARD_ABI 1
#define FW_DECIMAL_TEXT 48
#define FW_ERROR_TEXT 512

typedef struct fw_board fw_board;

/* A stream of one opened board; FW_NO_STREAM is none. After fw_board_refresh() reopened, it has to
 * be found anew: the old one is refused with FW_OLD_EPOCH. */
typedef uint64_t fw_stream;
#define FW_NO_STREAM UINT64_C(0)

/* The answer to "may I act on it?". */
typedef enum fw_refusal {
  FW_OK = 0,
  FW_UNCONFIGURED = 1,    /* no such stream */
  FW_UNKNOWN = 2,         /* nothing received yet */
  FW_NEVER_RECEIVED = 3,  /* nothing received, and it should have been */
  FW_AWAITING_FRESH = 4,  /* the last line was lost, and no fresh tick has come */
  FW_STALE = 5,           /* past the stream's own limit */
  FW_TOO_OLD = 6,         /* past the caller's max_age */
  FW_CLOCK_BACKWARDS = 7, /* now lies before the stamp */
  FW_NO_EVENT_TIME = 8,   /* FW_BASIS_EVENT on a stream without venue time */
  FW_CLOCK_SUSPECT = 9,   /* FW_BASIS_EVENT, and the venue's clock is not believed */
  FW_OLD_EPOCH = 10,      /* the stream's place belongs to another one now: find it anew */
  FW_WRITER_STUCK = 11,   /* the monitor stopped in the middle of a write */
  FW_WRITER_DEAD = 12,    /* the monitor was not heard of for more than a second */
  FW_WRITER_GONE = 13,    /* the monitor ended or began anew: refresh */
  FW_FOREIGN_CLOCK = 14,  /* of another boot or time namespace: ages mean nothing here */
  FW_BAD_ARGUMENT = 100   /* a null pointer, a wrong size or word, an option not known */
} fw_refusal;

typedef enum fw_level {
  FW_LEVEL_HEALTHY = 0,
  FW_LEVEL_DEGRADED = 1,
  FW_LEVEL_STALE = 2,
  FW_LEVEL_UNKNOWN = 3
} fw_level;

/* Which age is compared with max_age: the larger of both, since receipt, or since the venue's
 * stamp. */
typedef enum fw_basis { FW_BASIS_BOTH = 0, FW_BASIS_RECEIVE = 1, FW_BASIS_EVENT = 2 } fw_basis;

/* What for. FW_REDUCE_RISK may fall back to a REST price within bridge_max_age_ns. */
typedef enum fw_intent { FW_INCREASE_RISK = 0, FW_REDUCE_RISK = 1 } fw_intent;
typedef enum fw_source { FW_SOURCE_LIVE = 0, FW_SOURCE_REST_BRIDGE = 1 } fw_source;

/* Why a board could not be opened. */
typedef enum fw_open_code {
  FW_OPEN_OK = 0,
  FW_OPEN_NOT_FOUND = 1,
  FW_OPEN_NOT_PERMITTED = 2,
  FW_OPEN_NOT_A_FILE = 3,
  FW_OPEN_WRONG_OWNER = 4,
  FW_OPEN_WRITABLE_BY_OTHERS = 5,
  FW_OPEN_TRUNCATED = 6,
  FW_OPEN_NOT_A_BOARD = 7,
  FW_OPEN_OTHER_VERSION = 8,
  FW_OPEN_OTHER_LAYOUT = 9,
  FW_OPEN_INCONSISTENT = 10,
  FW_OPEN_INITIALIZING = 11,
  FW_OPEN_SYSTEM = 12,
  FW_OPEN_BAD_ARGUMENT = 100
} fw_open_code;

typedef struct fw_error {
  uint32_t size;
  int32_t code;             /* fw_open_code */
  char text[FW_ERROR_TEXT]; /* what, why, what to do */
} fw_error;
#define FW_ERROR_INIT {sizeof(fw_error), 0, {0}}

typedef struct fw_read_options {
  uint32_t size;
  uint32_t basis;            /* fw_basis */
  int64_t max_age_ns;        /* no default hides the age: 0 accepts only age 0 */
  uint32_t accept_confirmed; /* 1: count from when the venue last implied that the value holds */
  uint32_t intent;           /* fw_intent */
  int64_t bridge_max_age_ns; /* FW_REDUCE_RISK: of a REST price; 0 takes none */
  uint32_t without_text;     /* 1: leave fw_decimal.text empty, which is faster */
  uint32_t reserved;         /* 0 */
} fw_read_options;
#define FW_READ_OPTIONS_INIT {sizeof(fw_read_options), 0, 0, 0, 0, 0, 0, 0}

/* Exactly mantissa / 10^scale, the mantissa as 128 bits of two's complement; and as text, with the
 * digits the venue sent. */
typedef struct fw_decimal {
  uint64_t mantissa_low;
  int64_t mantissa_high; /* 0 or -1 when the mantissa fits into 64 bits */
  int32_t scale;
  uint32_t length; /* of text */
  char text[FW_DECIMAL_TEXT];
} fw_decimal;
#define FW_DECIMAL_INIT {0, 0, 0, 0, {0}}

typedef struct fw_price {
  uint32_t size;
  int32_t refusal;  /* fw_refusal, as returned */
  uint32_t level;   /* fw_level, at the moment of the call */
  uint32_t reason;  /* of the stream; fw_reason_text() */
  uint32_t source;  /* fw_source */
  uint32_t epoch;   /* of the subscription that brought it */
  fw_decimal price; /* the price; of a quote the bid */
  fw_decimal ask;   /* of a quote; else 0 */
  int64_t receive_age_ns;
  int64_t confirmed_age_ns;
  int64_t event_age_ns;   /* -1: the venue gave no time, or none to believe */
  int64_t refused_age_ns; /* refused: the age that was too old; -1: none */
  int64_t level_since_ns; /* CLOCK_BOOTTIME */
  int64_t ts_recv_ns;     /* UTC */
  int64_t ts_event_ns;    /* UTC; -1: none */
  uint64_t seq;           /* the venue's; 0: none */
} fw_price;
#define FW_PRICE_INIT \
  {sizeof(fw_price), 0, 0, 0, 0, 0, FW_DECIMAL_INIT, FW_DECIMAL_INIT, 0, 0, 0, 0, 0, 0, 0, 0}

/* FW_BOARD_ABI of the library. A caller works with any library of the same number. */
FW_API uint32_t fw_board_abi_version(void);
/* The version of the format of boards it reads. */
FW_API uint32_t fw_board_format_version(void);

/* `path`: a path, or the bare name of a board in /dev/shm. NULL on failure, told in `error` (which
 * may be NULL). A board whose writer has ended opens, and says so when it is asked. */
FW_API fw_board* fw_board_open(const char* path, fw_error* error);
/* The same where the monitor runs as a user of its own, whom the caller trusts. */
FW_API fw_board* fw_board_open_of(const char* path, uint32_t owner, fw_error* error);
FW_API void fw_board_close(fw_board* board);

/* After FW_WRITER_GONE or FW_WRITER_DEAD, or now and then: 1 = the path named a newer board, which
 * is open now; 0 = it is the same; -1 = there is none to open (error says why), the old one stays.
 */
FW_API int fw_board_refresh(fw_board* board, fw_error* error);
/* UTC nanoseconds of the writer's start: differs after every restart. */
FW_API uint64_t fw_board_epoch(const fw_board* board);

/* FW_NO_STREAM while the monitor does not watch it: its price is FW_UNCONFIGURED, or what is wrong
 * with the monitor. */
FW_API fw_stream fw_board_find(const fw_board* board, const char* stream);

/* Copies the newest price, reads CLOCK_BOOTTIME, judges. Returns fw_refusal. `price` is filled in
 * either case; on a refusal only level, reason and refused_age_ns mean something. */
FW_API int fw_board_price(const fw_board* board, fw_stream stream, const fw_read_options* options,
                          fw_price* price);
/* The same at a given CLOCK_BOOTTIME: for tests. */
FW_API int fw_board_price_at(const fw_board* board, fw_stream stream, int64_t now_ns,
                             const fw_read_options* options, fw_price* price);

/* The words of logs, metrics and the HTTP API; "" for a number that is none. Static. */
FW_API const char* fw_refusal_text(int refusal);
FW_API const char* fw_open_code_text(int code);
FW_API const char* fw_level_text(uint32_t level);
FW_API const char* fw_reason_text(uint32_t reason);

/* NOLINTEND(modernize-*,readability-*,cppcoreguidelines-*,performance-*) */

#ifdef __cplusplus
}
#endif

#endif
