#include "feedwatch/api/reply.hpp"

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::api {

net::Response reply(int status, std::string_view content_type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers = {{"content-type", std::string(content_type)},
                      {"cache-control", "no-store"},
                      {"x-content-type-options", "nosniff"},
                      {"referrer-policy", "no-referrer"},
                      {"cross-origin-resource-policy", "same-origin"}};
  response.body = std::move(body);
  return response;
}

net::Response json_reply(int status, std::string body) {
  return reply(status, "application/json", std::move(body));
}

net::Response problem(int status, std::string_view title, std::string_view detail,
                      const Members& members) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("type", "about:blank").field("title", title);
  json.field("status", status).field("detail", detail);
  for (const auto& [name, value] : members) json.key(name).raw(value);
  json.end_object();
  return reply(status, "application/problem+json", std::move(body));
}

net::Response bad_request(const Error& error) {
  return problem(400, "Bad Request", error.text());
}

net::Response not_found(std::string_view what) {
  return problem(404, "Not Found", std::string(what) + " (see / and docs/reference/http.md)");
}

net::Response only(std::string_view allowed) {
  net::Response answer =
      problem(405, "Method Not Allowed", "this path takes " + std::string(allowed));
  answer.headers.emplace_back("allow", allowed);
  return answer;
}

net::Response unavailable(const Error& error) {
  return problem(503, "Service Unavailable", error.text());
}

net::Response refused_reply(const StreamKey& key, const Refusal& refusal) {
  std::string age = "null";
  if (refusal.age) {
    age.clear();
    JsonWriter(age).number(to_seconds(*refusal.age));
  }
  return problem(409, "Price refused",
                 key.text() + ": " + std::string(to_text(refusal.code)) + " (reason " +
                     std::string(to_text(refusal.reason)) + ")",
                 {{"stream", json_quoted(key.text())},
                  {"refusal", json_quoted(to_text(refusal.code))},
                  {"reason", json_quoted(to_text(refusal.reason))},
                  {"level", json_quoted(to_text(refusal.level))},
                  {"age_seconds", age}});
}

}  // namespace feedwatch::api
