#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "http/request.h"
#include "http/response.h"
#include "http/router.h"

namespace imp::http::test {

/// What a route answers to a request that no network carries.
struct Answer {
  int status = 0;
  std::string body;  ///< empty for streams, files and prepared bytes
  Response response;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : response.headers) {
      if (equal_ignoring_case(key, name)) return value;
    }
    return {};
  }
  bool has(std::string_view text) const { return body.contains(text); }
};

inline Answer answer_to(const Router& router, Request request) {
  const auto match = router.match(request);
  Answer answer;
  if (!match.route) {
    answer.status = status_of(match.refusal.kind());
    return answer;
  }
  answer.response = match.route->handler(request);
  answer.status = answer.response.status;
  if (const auto* text = std::get_if<std::string>(&answer.response.body)) answer.body = *text;
  return answer;
}

}  // namespace imp::http::test
