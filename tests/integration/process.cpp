#include "process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"

namespace feedwatch::integration {

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

[[noreturn]] void become(char* const* command, const std::string& out, const std::string& err) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDONLY);
  const int out_file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int err_file = ::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out_file, STDOUT_FILENO);
  ::dup2(err_file, STDERR_FILENO);
  ::execv(command[0], command);
  ::_exit(127);
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

// ---- processes ----------------------------------------------------------------------------------

Process::Process(std::vector<std::string> command,
                 std::vector<std::pair<std::string, std::string>> environment) {
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  const std::string out = scratch_.file("out");
  const std::string err = scratch_.file("err");
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ > 0) return;
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  become(words.data(), out, err);
}

Process::~Process() {
  if (code_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
  if (!code_) ::kill(pid_, number);
}

std::optional<int> Process::wait(Duration limit) {
  wait_for(
      [this] {
        int status = 0;
        if (!code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) code_ = code_of(status);
        return code_.has_value();
      },
      limit);
  return code_;
}

std::string Process::out() const {
  return text_of(scratch_.file("out"));
}
std::string Process::err() const {
  return text_of(scratch_.file("err"));
}

Ran run_feedwatch(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), FEEDWATCH_PROGRAM);
  Process process(std::move(arguments));
  const int code = process.wait().value_or(-1);
  return {code, process.out(), process.err()};
}

MonoTime now() {
  return embed::SystemClock().now();
}

bool wait_for(const std::function<bool()>& condition, Duration limit) {
  const MonoTime end = now() + limit;
  while (!condition()) {
    if (now() >= end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// ---- HTTP ---------------------------------------------------------------------------------------

Answer http(const std::string& method, const std::string& url, const std::string& body,
            const std::string& token) {
  const embed::SystemClock clock;
  net::Reactor reactor(clock);
  net::SystemResolver resolver(reactor);
  net::HttpClient client(reactor, resolver);
  std::optional<Answer> answer;
  HttpRequest request{.method = method, .url = url, .headers = {}, .body = body, .ca_file = {}};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  client.fetch(std::move(request), [&](std::expected<HttpResponse, std::string> response) {
    answer = response ? Answer{response->status, response->body} : Answer{};
  });
  while (!answer) reactor.turn();
  return *answer;
}

// ---- the two sides ------------------------------------------------------------------------------

Simulated::Simulated(std::vector<std::string> arguments)
    : process_([&] {
        std::vector<std::string> command{FEEDWATCH_PROGRAM, "simulate", "--json", "--port", "0"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        return command;
      }()) {
  wait_for([this] { return process_.out().ends_with('\n') || !process_.running(); });
  const auto banner = nlohmann::json::parse(process_.out(), nullptr, false);
  if (!banner.is_object()) throw std::runtime_error("simulate: " + process_.err());
  ws_url_ = banner.at("ws_url");
  rest_url_ = banner.at("rest_url");
}

void Simulated::inject(const std::string& fault) const {
  const Answer answer = http("POST", rest_url_ + "/control", fault);
  if (answer.status != 200 && answer.status != 201) throw std::runtime_error(answer.body);
}

nlohmann::json Simulated::control() const {
  return get(rest_url_ + "/control").json();
}

Monitored::Monitored(const std::string& configuration,
                     std::vector<std::pair<std::string, std::string>> environment)
    : process_({FEEDWATCH_PROGRAM, "run", "-c", configuration, "--set", "api.listen=127.0.0.1:0"},
               std::move(environment)) {}

const std::string& Monitored::url() {
  const std::string word = "listening on ";
  wait_for([&] {
    std::istringstream lines(process_.err());
    for (std::string line; url_.empty() && std::getline(lines, line);) {
      const std::size_t at = line.find(word);
      if (at != std::string::npos && !lines.eof()) url_ = line.substr(at + word.size());
    }
    return !url_.empty() || !process_.running();
  });
  if (url_.empty()) throw std::runtime_error("run: " + process_.err());
  return url_;
}

bool Monitored::ready() {
  return wait_for([this] { return get(url() + "/readyz").status == 200; });
}

nlohmann::json Monitored::open_alerts() {
  const auto page = get(url() + "/v1/alerts?open=true").json();
  return page.is_object() ? page.value("alerts", nlohmann::json::array()) : nlohmann::json::array();
}

}  // namespace feedwatch::integration
