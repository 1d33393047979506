#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "ci/api/endpoint.h"

namespace imp::ci {

/// CircleCI's pages hold 20 items.
inline constexpr std::size_t page_size = 20;

/// One page of a list as {"items": […], "next_page_token": … or null}. `key` gives each item's sort
/// key, unique in the list; the page begins after the key that the request's `page-token` holds, so
/// that items which come or go meanwhile neither repeat nor hide others.
/// `render` makes an item's JSON and may fail.
template <class Item, class Key, class Render>
Result<http::Response> page_response(const Call& call, std::vector<Item> items, Key key,
                                     Render render) {
  std::ranges::sort(items, {}, key);
  std::size_t first = 0;
  if (const auto token = call.request.query("page-token"); token && !token->empty()) {
    const auto after = from_base64url(*token);
    if (!after) {
      return refuse(ApiRefusal::invalid_parameter,
                    "\"page-token\" is not one that this server gave out.");
    }
    while (first < items.size() && std::string_view(key(items[first])) <= text_of(*after)) ++first;
  }
  boost::json::array page;
  std::size_t next = first;
  for (; next < items.size() && page.size() < page_size; ++next) {
    Result<boost::json::object> item = render(items[next]);
    if (!item) return pass_on(item);
    page.push_back(std::move(*item));
  }
  boost::json::object body;
  body["items"] = std::move(page);
  body["next_page_token"] = nullptr;
  if (next < items.size()) {
    body["next_page_token"] = base64url(bytes_of(std::string_view(key(items[next - 1]))));
  }
  return http::json(200, body);
}

}  // namespace imp::ci
