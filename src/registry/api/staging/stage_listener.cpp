#include "registry/api/staging/stage_listener.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "accounts/refusal.h"
#include "http/event_stream.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

constexpr std::int64_t kEventsAtOnce = 200;
/// How long a browser waits before it asks again.
constexpr std::string_view kRetry = "retry: 2000\n";

/// The first thing a listener gets: the place to go on from, should the connection break before
/// anything happens. An id without data is no event, but it is kept (WHATWG HTML §9.2.6).
std::string greeting(const ListenFrom& from) {
  std::string bytes(kRetry);
  if (from.gap) {
    bytes += http::event_text(
        "gap", boost::json::serialize(boost::json::object{
                   {"message",
                    "Events before this were not kept, or are of another database. GET /-/stage "
                    "has what waits now."}}));
  }
  return bytes + fmt::format("id: {}\n\n", from.after);
}

}  // namespace

StageListener::StageListener(RegistryServices& services, Requester requester, ListenFrom from,
                             std::shared_ptr<const void> seat)
    : services_(services),
      requester_(std::move(requester)),
      from_(std::move(from)),
      seat_(std::move(seat)),
      topic_(stage_events_topic(from_.filter)),
      ends_(services.clock.now() + kLongest) {}

bool StageListener::signed_out() const {
  const accounts::Caller& account = requester_.account();
  if (account.kind != accounts::CallerKind::session) return false;
  const auto sessions = services_.accounts.sessions.list(account.person->id);
  return !sessions || std::ranges::find(*sessions, account.session->id,
                                        &accounts::BrowserSession::id) == sessions->end();
}

Result<std::string> StageListener::news() {
  if (signed_out()) {
    return refuse(accounts::AccountRefusal::not_signed_in, "You have signed out.");
  }
  return services_.database.read([&](db::Session& session) -> Result<std::string> {
    const auto rights = requester_.rights_now(session, services_.clock.now());
    if (!rights) return pass_on(rights);
    const auto heads = stage_events_after(session, from_.after, from_.filter, kEventsAtOnce);
    more_ = std::ssize(heads) == kEventsAtOnce;
    std::string bytes;
    std::map<std::string, bool> shown;  // by package
    for (const StageEventHead& head : heads) {
      if (bytes.size() >= kMostBytes) {
        more_ = true;
        break;
      }
      from_.after = head.id;
      const auto [package, is_new] = shown.try_emplace(head.package_name, false);
      if (is_new) {
        package->second = requester_.reaches(head.package_name) &&
                          may_decide(session, head.package_name, *rights);
      }
      if (!package->second) continue;
      if (const auto event = find_stage_event(session, head.id)) {
        bytes += http::event_text(event->kind, event->data, std::to_string(event->id));
      }
    }
    return bytes;
  });
}

http::StreamStep StageListener::next() {
  if (services_.clock.now() >= ends_) return {.done = true};
  http::StreamStep step;
  if (!std::exchange(began_, true)) step.bytes = greeting(from_);
  const std::uint64_t changes = services_.stage_feed->changes();
  if (more_ || changes != changes_) {
    const auto told = news();
    if (!told) return {.done = true};
    changes_ = changes;
    step.bytes += *told;
  }
  if (step.bytes.empty()) step.bytes = http::event_pause;
  if (!more_) step.wait_topic = topic_;
  return step;
}

}  // namespace imp::registry
