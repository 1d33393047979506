#include <algorithm>
#include <charconv>

#include "http/event_stream.h"
#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_listener.h"
#include "registry/api/staging/stage_requester.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

constexpr std::string_view kAction = "stage.events";

std::unexpected<Failure> bad(std::string message) {
  return refuse(StageRefusal::invalid_stage_events, std::move(message));
}

/// `?package=@acme/lib` or `?scope=@acme`. Whether there is such a package is nobody's business who
/// may not decide its releases.
Result<StageEventFilter> filter_of(const http::Request& request) {
  StageEventFilter filter;
  const auto package = request.query("package"), scope = request.query("scope");
  if (package && scope) return bad("Give \"package\" or \"scope\", not both.");
  if (package) {
    const auto name = PackageName::for_read(*package);
    if (!name) return pass_on(name);
    filter.package_name = name->text();
  }
  if (scope) {
    const std::string name = scope->starts_with('@') ? scope->substr(1) : *scope;
    // It has to be one, or a package of it could not have a name.
    if (name.empty() || !PackageName::for_read("@" + name + "/a")) {
      return bad("\"scope\" must be a scope, like @acme.");
    }
    filter.scope = name;
  }
  return filter;
}

/// The event to go on after, which browsers send by themselves when they come back; nothing for
/// who begins.
Result<std::optional<StageEventId>> last_event_of(const http::Request& request) {
  const std::string_view text = request.header("last-event-id");
  if (text.empty()) return std::optional<StageEventId>();
  StageEventId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0) {
    return bad(
        "Last-Event-ID (--after) must be the id of an event of this stream, as it was sent.");
  }
  return std::optional(id);
}

Result<ListenFrom> start_of(RegistryServices& services, const http::Request& request) {
  const auto filter = filter_of(request);
  if (!filter) return pass_on(filter);
  const auto last = last_event_of(request);
  if (!last) return pass_on(last);
  return services.database.read([&](db::Session& session) -> Result<ListenFrom> {
    const Time time = services.clock.now();
    const StageEventId now = stage_events_now(session, time);
    if (!*last) return ListenFrom{now, false, *filter};
    return ListenFrom{std::min(**last, now), is_gap(session, **last, time), *filter};
  });
}

http::Response listen(RegistryServices& services, const http::Request& request) {
  auto requester = deciding_person(services, request, kAction);
  if (!requester) return std::move(requester.error());
  const auto denied = [&](const Failure& failure) {
    return refused(services, &*requester, kAction, "stage:", failure);
  };
  auto from = start_of(services, request);
  if (!from) return denied(from.error());
  auto seat = StageFeed::take_seat(services.stage_feed, requester->account().person->name);
  if (!seat) {
    return denied(refuse(StageRefusal::too_many_listeners,
                         fmt::format("You have {} streams of events open, which is as many as one "
                                     "person may. Close one first.",
                                     StageFeed::kMostStreams))
                      .error());
  }
  services.metrics.count("registry_stage_streams_total");
  auto listener = std::make_shared<StageListener>(services, std::move(*requester), std::move(*from),
                                                  std::move(seat));
  return http::event_response([listener] { return listener->next(); });
}

}  // namespace

void add_stage_event_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::get, "/-/stage/events",
             [&services](const http::Request& request) { return listen(services, request); });
}

}  // namespace imp::registry
