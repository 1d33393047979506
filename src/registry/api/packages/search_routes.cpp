#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

constexpr std::int64_t kDefaultSize = 20;
constexpr std::int64_t kMostSize = 250;

std::int64_t number(const http::Request& request, std::string_view name, std::int64_t fallback,
                    std::int64_t most) {
  const auto text = request.query(name);
  std::int64_t value = fallback;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return std::clamp<std::int64_t>(value, 0, most);
}

/// One result. Nothing is known here of popularity or quality, so every score is the same.
boost::json::object describe(const RegistryServices& services, const PackageLine& line) {
  return {{"package",
           {{"name", line.name},
            {"version", line.latest},
            {"description", line.description},
            {"date", iso8601(line.modified)},
            {"links", {{"npm", services.public_url + "/package/" + line.name}}},
            {"maintainers", boost::json::array()},
            {"keywords", boost::json::array()}}},
          {"searchScore", 1},
          {"score",
           {{"final", 1}, {"detail", {{"quality", 1}, {"popularity", 1}, {"maintenance", 1}}}}}};
}

http::Response search(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return accounts::refusal_response(requester.error());
  const std::string text = request.query("text").value_or("");
  const auto lines =
      services.database.read([&](db::Session& session) -> Result<std::vector<PackageLine>> {
        return list_packages(session, requester->rights(), text,
                             number(request, "size", kDefaultSize, kMostSize),
                             number(request, "from", 0, 1'000'000));
      });
  if (!lines) return http::failure(lines.error());
  boost::json::array objects;
  for (const PackageLine& line : *lines) {
    // A limited token shows no restricted package that it does not reach.
    if (line.access == Access::open || requester->publish_token() ||
        requester->reaches(line.name)) {
      objects.push_back(describe(services, line));
    }
  }
  return http::json(200, boost::json::object{{"objects", objects},
                                             {"total", objects.size()},
                                             {"time", iso8601(services.clock.now())}});
}

}  // namespace

void add_search_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::get, "/-/v1/search",
             [&services](const http::Request& request) { return search(services, request); });
}

}  // namespace imp::registry
