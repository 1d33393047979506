#include <boost/json.hpp>
#include <charconv>

#include "http/response.h"
#include "registry/api/packages/provenance.h"
#include "registry/api/packages/version_upload.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/staging/stage_decisions.h"
#include "registry/api/staging/stage_requester.h"
#include "registry/api/staging/stage_state.h"
#include "registry/api/staging/stage_upload.h"
#include "registry/packages/refusal.h"
#include "registry/publish/refusal.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

constexpr std::int64_t kDefaultPage = 10;
constexpr std::int64_t kMostPerPage = 100;

http::Response stage_version(RegistryServices& services, const VersionUpload& upload,
                             const ReceivedDocument& received) {
  if (!received.candidate) {
    return upload.refused(
        services, refuse(PublishRefusal::missing_field,
                         "Bad Request - Missing required fields: name, version, _attachments")
                      .error());
  }
  const PublishCandidate& candidate = *received.candidate;
  const auto bundle = judged(services, candidate, upload.requester);
  if (!bundle) return upload.refused(services, bundle.error());
  const auto staged = services.database.write([&](db::Session& session) -> Result<StagedRelease> {
    session.before_commit(received.make_durable);
    const Time now = services.clock.now();
    const auto order = upload.order(services, session, candidate.version, now);
    if (!order) return pass_on(order);
    return stage_upload(session, services, upload, candidate, *order, *bundle, now);
  });
  if (!staged) return upload.refused(services, staged.error());
  services.stage_feed->changed(services.waiters, candidate.name);
  services.metrics.count("registry_stages_total");
  return http::json(
      201,
      boost::json::object{
          {"message", fmt::format("{}@{} is staged and waits for approval: npm stage approve {}",
                                  candidate.name, candidate.version, staged->id)},
          {"stageId", staged->id},
          {"attempt", upload.requester.attempt_id()}});
}

std::int64_t number(const http::Request& request, std::string_view name, std::int64_t fallback,
                    std::int64_t least, std::int64_t most) {
  const auto text = request.query(name);
  std::int64_t value = fallback;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return std::clamp(value, least, most);
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto requester = deciding_person(services, request, "stage.list");
  if (!requester) return requester.error();
  const std::int64_t page = number(request, "page", 0, 0, 1'000'000);
  const std::int64_t per_page = number(request, "perPage", kDefaultPage, 1, kMostPerPage);
  StageEventId last_event = 0;
  const auto found = services.database.read([&](db::Session& session) -> Result<StagedPage> {
    last_event = stage_events_now(session, services.clock.now());
    return staged_releases(session, requester->rights(), request.query("package"), page, per_page,
                           [&](std::string_view package) { return requester->reaches(package); });
  });
  if (!found) return http::failure(found.error());
  boost::json::array items;
  for (const StagedRelease& release : found->items) items.push_back(release.to_json());
  return http::json(200, boost::json::object{{"items", items},
                                             {"page", page},
                                             {"perPage", per_page},
                                             {"total", found->total},
                                             {"lastEventId", std::to_string(last_event)}});
}

http::Response download(RegistryServices& services, const http::Request& request) {
  const auto requester = deciding_person(services, request, "stage.download");
  if (!requester) return requester.error();
  const auto release = visible_release(services, *requester, request.param("id"));
  if (!release) return http::failure(release.error());
  const auto blob = services.blobs.open(release->candidate.tarball.sha512);
  if (!blob) return http::failure(blob.error());
  http::Response response;
  response.header("content-type", "application/octet-stream");
  response.body = http::FileBody{blob->descriptor, 0, blob->size};
  return response;
}

http::Response review(RegistryServices& services, const http::Request& request) {
  const auto requester = deciding_person(services, request, "stage.review");
  if (!requester) return requester.error();
  const auto release = visible_release(services, *requester, request.param("id"));
  if (!release) return http::failure(release.error());
  auto made = services.reviews.of(*release);
  if (!made) return http::failure(made.error());
  const auto state = stage_state(services, *release);
  if (!state) return http::failure(state.error());
  add_state(*made, *state);
  const bool as_text = request.header("accept").contains("text/plain");
  return as_text ? http::text(200, made->to_text()) : http::json(200, made->to_json());
}

}  // namespace

void add_stage_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  // No second factor: staging makes nothing public, and approval always asks.
  const UploadRule rule{"stage.create", trust::PublishAction::stage, false};
  add_upload_route(router, services, http::Method::post, "/-/stage/package/{package}", rule,
                   [&services](const VersionUpload& upload, const ReceivedDocument& received) {
                     return stage_version(services, upload, received);
                   });
  router.add(http::Method::get, "/-/stage", bind(list));
  router.add(http::Method::get, "/-/stage/{id}/tarball", bind(download));
  // Reads and compares tarballs: not on the threads that wait for the database.
  router.add(http::Method::get, "/-/stage/{id}/review", bind(review),
             {.pool = http::Pool::program});
}

}  // namespace imp::registry
