#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string_view>

#include "http/router.h"

namespace imp::registry {

/// Judges the head of a request: who takes its body, or what to answer instead.
using Judge = std::function<std::expected<std::unique_ptr<http::BodySink>, http::Response>(
    const http::Request&)>;

/// Adds a route whose body costs memory or storage only when it comes from somebody who may send
/// it. What is refused from the head is still read to its end, and dropped: a client that is
/// sending would not see an answer that cuts it off.
void add_judged_route(http::Router& router, http::Method method, std::string_view pattern,
                      http::RouteOptions options, Judge judge);

}  // namespace imp::registry
