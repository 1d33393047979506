#include <boost/json.hpp>
#include <charconv>

#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/frame/waiting.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::int64_t kShown = 50;

std::int64_t page_of(const Visit& visit) {
  constexpr std::int64_t most = 1'000'000;
  const std::string text = visit.query("page");
  std::int64_t page = 0;
  std::from_chars(text.data(), text.data() + text.size(), page);
  return std::clamp<std::int64_t>(page, 0, most);
}

boost::json::object line_of(const registry::StagedRelease& release, Time now) {
  return {{"name", release.candidate.name},
          {"version", release.candidate.version},
          {"tag", release.candidate.tag},
          {"link", package_link(release.candidate.name) + "/staged/" + release.id},
          {"actor", release.publisher.person.name},
          {"automation", release.automation},
          {"held", release.held_reason},
          {"created", time_model(release.created, now)}};
}

std::string page_link(std::int64_t page) { return fmt::format("/staged?page={}", page); }

Result<http::Response> show_waiting(const Visit& visit) {
  const std::int64_t number = page_of(visit);
  const auto waiting = waiting_releases(visit, number, kShown);
  if (!waiting) return pass_on(waiting);
  boost::json::array releases;
  for (const registry::StagedRelease& release : waiting->items) {
    releases.push_back(line_of(release, visit.services.clock.now()));
  }
  const bool more = waiting->total > (number + 1) * kShown;
  return show(visit, {.title = "Staged releases",
                      .content = "waiting",
                      .model = {{"releases", std::move(releases)},
                                {"newer", number > 0 ? page_link(number - 1) : std::string()},
                                {"older", more ? page_link(number + 1) : std::string()}}});
}

}  // namespace

void add_waiting_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/staged", Audience::signed_in, show_waiting);
}

}  // namespace imp::web
