#pragma once

#include <future>
#include <variant>

#include "http/response.h"

namespace imp::http {

/// The answer of a handler that is called without a server, also one that is given later.
inline Response settled(Response response) {
  while (auto* const later = std::get_if<AnswerLater>(&response.body)) {
    std::promise<Response> promise;
    std::future<Response> answer = promise.get_future();
    later->start(Reply([promise = std::move(promise)](Response given) mutable {
      promise.set_value(std::move(given));
    }));
    response = answer.get();
  }
  return response;
}

}  // namespace imp::http
