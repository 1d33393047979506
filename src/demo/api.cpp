#include "demo/api.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace imp::demo {

namespace json = boost::json;

namespace {

const json::value* find(const json::value& document, std::string_view path) {
  boost::system::error_code error;
  return document.find_pointer("/" + std::string(path), error);
}

}  // namespace

Outcome<Answer> Api::send(const Person* by, std::string_view method, std::string_view path,
                          const std::string& body) {
  http::Fetch fetch;
  fetch.method = method;
  fetch.url = url_ + std::string(path);
  fetch.timeout = Milliseconds(30'000);
  fetch.body_limit = 16u << 20;
  fetch.headers = {{"accept", "application/json"}};
  if (by) fetch.headers.push_back({"authorization", "Bearer " + by->token});
  if (!body.empty()) fetch.headers.push_back({"content-type", "application/json"});
  fetch.body = body;
  const auto fetched = client_.fetch(fetch);
  if (!fetched) return relay(fetched, fmt::format("an answer to {} {}", method, path));
  boost::system::error_code error;
  json::value parsed = json::parse(fetched->body, error);
  if (error) parsed = nullptr;
  return Answer{fetched->status, fetched->body, std::move(parsed)};
}

Outcome<Answer> Api::call(const Person* by, std::string_view method, std::string_view path,
                          const json::value& body) {
  const std::string text = body.is_null() ? std::string() : json::serialize(body);
  say_.request(by ? by->name : "anybody", method, path, text);
  auto answer = send(by, method, path, text);
  if (answer) say_.answer(answer->status, answer->text);
  return answer;
}

Outcome<json::value> Api::change(const Person& by, std::string_view method, std::string_view path,
                                 const json::value& body) {
  auto answer = call(&by, method, path, body);
  if (!answer) return relay(answer);
  if (answer->status / 100 != 2) {
    return surprise(fmt::format("{} {} succeeds", method, path),
                    fmt::format("{} {}", answer->status, answer->text));
  }
  return std::move(answer->body);
}

Outcome<json::value> Api::look(const Person& by, std::string_view path) {
  auto answer = send(&by, "GET", path, {});
  if (!answer) return relay(answer);
  if (answer->status != 200) {
    return surprise(fmt::format("GET {} shows something", path),
                    fmt::format("{} {}", answer->status, answer->text));
  }
  return std::move(answer->body);
}

std::string text_at(const json::value& document, std::string_view path) {
  const json::value* found = find(document, path);
  if (!found) return {};
  if (const auto* text = found->if_string()) return std::string(*text);
  if (found->is_number()) return json::serialize(*found);
  return {};
}

json::array list_at(const json::value& document, std::string_view path) {
  const json::value* found = path.empty() ? &document : find(document, path);
  const json::array* list = found ? found->if_array() : nullptr;
  return list ? *list : json::array();
}

}  // namespace imp::demo
