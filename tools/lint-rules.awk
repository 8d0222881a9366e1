# House rules on text, one pass over all files. Every violation: file:line: what: why (what to do).
# The first file must be src/feedwatch/CMakeLists.txt, which says what links what.

BEGIN {
  set(core, "base model board freshness intake dispatch guard protect health alert muting monitor feed engine")
  set(told_time, "base model board freshness intake dispatch guard protect health alert muting monitor feed engine venues signals sim")
  set(boost_allowed, "net api exchange app")
  set(json_allowed, "venues signals api exchange capture")
  set(sleep_allowed, "net exchange app")
  longest_file = 500
}

FNR == 1 { end_file(); begin_file(FILENAME) }

is_cmake_of_libraries {
  sub(/#.*/, "")
  libraries = libraries " " $0
  lines = FNR
  next
}

{ lines = FNR }

is_cpp {
  code = without_comment($0)
  target = included(code)
  if (target != "") check_include(target)
  if (module in told_time) check_clock(code)
  if (is_test) check_sleep(code)
  check_skip(code)
  if ($0 ~ /(TODO|FIXME)/) {
    report("unfinished work is marked", "nobody comes back to a note in the code", "finish it or file an issue")
  }
  previous = $0
}

END { end_file(); if (violations > 0) exit 1 }

# --- files -----------------------------------------------------------------------------------------

function begin_file(path,    part) {
  file = path
  previous = ""
  is_cmake_of_libraries = path == "src/feedwatch/CMakeLists.txt"
  if (!is_cmake_of_libraries && !linked) link_libraries()
  is_cpp = path ~ /\.([ch]pp|[ch])$/
  split(path, part, "/")
  module = part[1] == "src" && part[2] == "feedwatch" ? part[3] : ""
  is_test = path ~ /(^|\/)tests\//
  in_real_time = path ~ /^tests\/(integration|bench|shm)\//
}

function end_file() {
  if (file != "" && lines > longest_file) {
    say(file, lines, "file of " lines " lines", "more than " longest_file " are more than one concern", "split it")
  }
}

function report(what, why, fix) { say(file, FNR, what, why, fix) }

function say(path, line, what, why, fix) {
  printf "%s:%d: %s: %s (%s)\n", path, line, what, why, fix
  ++violations
}

# --- libraries and their direction -----------------------------------------------------------------

# Reads every feedwatch_library(name FOLDERS … DEPS … TEST_DEPS …), then follows the links to their ends.
function link_libraries(    count, call, word, words, i, j, name, mode) {
  linked = 1
  count = split(libraries, call, "feedwatch_library\\(")
  for (i = 2; i <= count; ++i) {
    sub(/\).*/, "", call[i])
    words = split(call[i], word, " ")
    name = word[1]
    mode = ""
    for (j = 2; j <= words; ++j) {
      if (word[j] ~ /^(FOLDERS|DEPS|TEST_DEPS)$/) mode = word[j]
      else if (mode == "FOLDERS") library_of[word[j]] = name
      else if (word[j] ~ /^feedwatch::/) links[name, mode, ++link_count[name, mode]] = substr(word[j], 12)
    }
    if (call[i] !~ / FOLDERS /) library_of[name] = name
    reach(name, name, "DEPS")
    reach(name, name, "TEST_DEPS")
  }
}

# Marks what `from` links (in `mode`) as reachable for `origin`. Libraries only link earlier ones, so
# everything behind them is known already.
function reach(origin, from, mode,    i, to, pair, at) {
  reachable[origin, origin, "DEPS"] = 1
  for (i = 1; i <= link_count[from, mode]; ++i) {
    to = links[from, mode, i]
    reachable[origin, to, mode] = 1
    for (pair in reachable) {
      split(pair, at, SUBSEP)
      if (at[1] == to && at[3] == "DEPS") new_reach[at[2]] = 1
    }
    for (pair in new_reach) {
      reachable[origin, pair, mode] = 1
      delete new_reach[pair]
    }
  }
}

function may_include(other,    ours, theirs) {
  ours = library_of[module]
  theirs = library_of[other]
  if ((ours, theirs, "DEPS") in reachable) return 1
  return is_test && (ours, theirs, "TEST_DEPS") in reachable
}

# --- rules -----------------------------------------------------------------------------------------

# What #include names, with its brackets or quotes; empty if the line is none.
function included(text) {
  if (text !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) return ""
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", text)
  sub(/[ \t]*$/, "", text)
  return text
}

function check_include(target,    name) {
  name = substr(target, 2, length(target) - 2)
  # feedwatch/board.h is C and stands above the libraries, for programs that use none of them.
  if (name ~ /^feedwatch\/[^\/]*\.h$/) return
  if (name ~ /^feedwatch\//) return check_direction(name)
  if (module in core && !is_test) check_pure(name)
  if (name ~ /^boost\// && module != "" && !(module in boost_allowed) && !is_test) {
    report("includes <" name ">", "Boost stays in net, api, exchange and app", "hide it behind a port or a library there")
  }
  if (name ~ /^simdjson/ && module != "" && !(module in json_allowed) && !is_test) {
    report("includes <" name ">", "simdjson stays in venues, signals, api, exchange and capture", "parse there and hand over values")
  }
  if (name ~ /^nlohmann\// && !is_test) {
    report("includes <" name ">", "nlohmann/json is for tests", "use simdjson to read and JsonWriter to write")
  }
}

function check_pure(name,    why) {
  if (name ~ /^boost\//) why = "Boost"
  else if (name ~ /^(simdjson|nlohmann\/|toml\+\+)/) why = "a text format's library"
  else if (name ~ /^(sqlite3|libpq|postgresql\/)/) why = "SQL"
  else if (name ~ /^(sys\/(socket|epoll|eventfd|timerfd|un|select)\.h|netinet\/|arpa\/|poll\.h|netdb\.h|openssl\/)/) why = "sockets"
  else if (name ~ /^(thread|condition_variable|future|shared_mutex|semaphore|latch|barrier|stop_token|pthread\.h)$/) why = "threads"
  else if (name == "mutex" && file !~ /^src\/feedwatch\/engine\/(status|price_tap)\.[ch]pp$/) why = "threads"
  else if (name ~ /^(sys\/time|time)\.h$/ || name == "ctime") why = "a clock"
  else if (name == "random") why = "randomness that differs between libraries"
  else if (name ~ /^(spdlog\/|iostream$)/) why = "printing"
  else return
  report("core includes <" name ">", "the core is pure, and this is " why, "move it outward, behind a port of base/ports")
}

function check_direction(name,    part, other) {
  split(name, part, "/")
  other = part[2]
  if (module == "") return
  if (!(other in library_of)) {
    report("includes \"" name "\"", "no library has the folder " other, "name it in src/feedwatch/CMakeLists.txt")
  } else if (!may_include(other)) {
    report("includes \"" name "\"", library_of[module] " does not link " library_of[other], "turn the dependency round, or link it if it stands lower")
  } else if (name ~ /\/tests\// && !is_test) {
    report("includes \"" name "\"", "product code must not need test code", "move what it needs out of tests/")
  }
}

function check_clock(text) {
  if ($0 ~ /clock-ok/ && $0 !~ /\/\/ clock-ok: [^ ]/) {
    report("clock-ok without a reason", "the next reader cannot judge it", "write // clock-ok: why")
  }
  if ($0 ~ /\/\/ clock-ok: [^ ]/ || previous ~ /^[ \t]*\/\/ clock-ok: [^ ]/) return
  if (text ~ /(steady|system|high_resolution|utc|tai|gps|file)_clock/ ||
      text ~ /(clock_gettime|gettimeofday|timespec_get|std::time *\()/ ||
      text ~ /(^|[^A-Za-z0-9_.>])time *\( *(nullptr|NULL|0) *\)/) {
    report("reads a clock", "decision code is told the time", "take MonoTime now as an argument, or mark the line // clock-ok: why")
  }
}

function check_sleep(text) {
  if (in_real_time || module in sleep_allowed) return
  if (text ~ /(sleep_for|sleep_until|usleep|nanosleep)/ || text ~ /(^|[^A-Za-z0-9_.>])sleep *\(/) {
    report("test sleeps", "below the socket tier it makes tests slow and flaky", "move virtual time, or wait for the condition itself")
  }
}

function check_skip(text) {
  if (text ~ /GTEST_SKIP\(\)[ \t]*;/) {
    report("test skipped without a message", "nobody would see what is missing", "write GTEST_SKIP() << what is missing")
  }
}

# --- text ------------------------------------------------------------------------------------------

# The line without its // comment; the // of a URL is not one.
function without_comment(text,    at, from, before) {
  from = 1
  while ((at = index(substr(text, from), "//")) > 0) {
    at += from - 1
    before = at > 1 ? substr(text, at - 1, 1) : ""
    if (before != ":") return substr(text, 1, at - 1)
    from = at + 2
  }
  return text
}

function set(into, words,    word, count, i) {
  count = split(words, word, " ")
  for (i = 1; i <= count; ++i) into[word[i]] = 1
}
