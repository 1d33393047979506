#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "accounts/authenticator.h"
#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust/departures.h"
#include "registry/api/trust/pending_publishers.h"
#include "registry/api/trust/publisher_return.h"
#include "registry/api/trust/publisher_subject.h"
#include "registry/api/trust/trust_changes.h"
#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

/// A request about the trusted publishers of something, by somebody who governs it.
struct Governed {
  TrustTarget target;
  Requester requester;
  TrustPlace place;
};

/// What the second factor is for, of somebody who governs the place.
using Subject = std::function<Result<std::string>(const Governed&)>;

Result<std::string> whole_place(const Governed& governed) { return text_of(governed.target); }

/// Of the publisher that the route names.
Subject one_publisher(RegistryServices& services, const http::Request& request) {
  return [&](const Governed& by) {
    return publisher_subject(services, by.target, by.place, by.requester.rights(),
                             request.param("id"));
  };
}

/// Everything that must hold before trust is shown or changed: a person, their right, their second
/// factor. npm asks for the factor even to list.
std::expected<Governed, http::Response> govern(RegistryServices& services,
                                               const http::Request& request, std::string action,
                                               const Subject& subject_for) {
  const auto target = addressed_target(request);
  if (!target) return std::unexpected(http::failure(target.error()));
  const std::string subject = subject_of(*target);
  auto requester = Requester::identify(services, request);
  if (!requester)
    return std::unexpected(refused(services, nullptr, action, subject, requester.error()));
  auto place = governed_place(services, *requester, *target);
  if (!place) {
    return std::unexpected(refused(services, &*requester, action, subject, place.error()));
  }
  Governed governed{*target, std::move(*requester), std::move(*place)};
  const auto confirms = subject_for(governed);
  if (!confirms) return std::unexpected(http::failure(confirms.error()));
  if (auto challenge = second_factor(services, request, governed.requester, std::move(action),
                                     *confirms, Without::refuse)) {
    return std::unexpected(std::move(*challenge));
  }
  return governed;
}

/// In the order in which a token is held against them; those of the scope say so.
http::Response list(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "trust.list", whole_place);
  if (!governed) return governed.error();
  boost::json::array items;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    for (const auto& publisher :
         publishers_at(session, governed->place, governed->requester.rights())) {
      boost::json::object item = publisher.to_json(services.issuers);
      if (maker_left(session, governed->place, publisher)) item["makerLeft"] = true;
      items.push_back(std::move(item));
    }
    for (const auto& publisher : publishers_above(session, governed->place)) {
      boost::json::object item = publisher.to_json(services.issuers);
      const PackageName& name = std::get<PackageName>(governed->target);
      item["scope"] = "@" + std::string(name.scope());
      items.push_back(std::move(item));
    }
    return {};
  });
  return read ? http::json(200, items) : http::failure(read.error());
}

/// The array that npm posts; a bare object is taken too.
Result<std::vector<trust::PublisherRequest>> parse_requests(RegistryServices& services,
                                                            const std::string& body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error || !(document.is_array() || document.is_object())) {
    return refuse(trust::TrustRefusal::invalid_publisher,
                  "Invalid trusted publisher configuration: the body must be a JSON array of "
                  "configurations.");
  }
  return read_publisher_requests(services, document.is_array()
                                               ? document.as_array()
                                               : boost::json::array{document.as_object()});
}

http::Response create(RegistryServices& services, const http::Request& request) {
  const auto target = addressed_target(request);
  if (!target) return http::failure(target.error());
  // What is wrong with the configuration is said before a code is asked for and used up.
  const auto requests = parse_requests(services, request.body);
  if (!requests) return http::failure(requests.error());
  const auto governed =
      govern(services, request, "trust.create", [&](const Governed& by) -> Result<std::string> {
        return publishers_subject(by.target, *requests, services.issuers);
      });
  if (!governed) return governed.error();

  const auto created = add_publishers(services, governed->requester, *target, *requests);
  if (!created) {
    return refused(services, &governed->requester, "trust.create", subject_of(*target),
                   created.error());
  }
  boost::json::array items;
  for (const auto& publisher : *created) items.push_back(publisher.to_json(services.issuers));
  http::Response response = http::json(200, items);
  const bool waits = std::ranges::any_of(*created, [](const trust::TrustedPublisher& publisher) {
    return trust::place_kind(publisher.package_id) == trust::PlaceKind::pending;
  });
  if (waits) {
    // npm prints nothing else by which a mistyped name would show.
    accounts::add_notice(response, fmt::format("There is no package {} yet: this trusted publisher "
                                               "waits for its first version.",
                                               text_of(*target)));
  }
  return response;
}

http::Response revoke(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "trust.revoke", one_publisher(services, request));
  if (!governed) return governed.error();
  const auto removed =
      remove_publisher(services, governed->requester, governed->target, request.param("id"));
  if (removed) return http::no_content();
  return refused(services, &governed->requester, "trust.revoke", subject_of(governed->target),
                 removed.error());
}

/// Keeps one whose maker has left, or adds one again that ended.
http::Response take_on(RegistryServices& services, const http::Request& request,
                       std::string_view action,
                       Result<trust::TrustedPublisher> (*take)(RegistryServices&, const Requester&,
                                                               const TrustTarget&,
                                                               std::string_view)) {
  const auto governed =
      govern(services, request, std::string(action), one_publisher(services, request));
  if (!governed) return governed.error();
  const auto taken = take(services, governed->requester, governed->target, request.param("id"));
  if (taken) return http::json(200, taken->to_json(services.issuers));
  return refused(services, &governed->requester, action, subject_of(governed->target),
                 taken.error());
}

http::Response keep(RegistryServices& services, const http::Request& request) {
  return take_on(services, request, "trust.keep", keep_publisher);
}

http::Response restore(RegistryServices& services, const http::Request& request) {
  return take_on(services, request, "trust.create", restore_publisher);
}

boost::json::object ended_item(const RegistryServices& services,
                               const trust::EndedPublisher& ended) {
  boost::json::object item = ended.publisher.to_json(services.issuers);
  item["endedAt"] = iso8601(ended.ended_at);
  item["reason"] = trust::word(ended.reason);
  return item;
}

http::Response list_ended(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "trust.list", whole_place);
  if (!governed) return governed.error();
  boost::json::array items;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    for (const auto& one : ended_at(session, governed->place, governed->requester.rights())) {
      items.push_back(ended_item(services, one));
    }
    return {};
  });
  return read ? http::json(200, items) : http::failure(read.error());
}

/// What the person prepared for packages that do not exist yet, and what became of it.
http::Response list_pending(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return http::failure(requester.error());
  const auto prepared = prepared_by(services, *requester);
  if (!prepared) return refused(services, &*requester, "trust.list", "", prepared.error());
  const auto item = [&](const trust::TrustedPublisher& publisher) {
    boost::json::object object = publisher.to_json(services.issuers);
    object["package"] = trust::pending_name(publisher.package_id);
    return object;
  };
  boost::json::array waiting, ended;
  for (const auto& publisher : prepared->waiting) waiting.push_back(item(publisher));
  for (const auto& one : prepared->ended) {
    boost::json::object object = ended_item(services, one);
    object["package"] = trust::pending_name(one.publisher.package_id);
    ended.push_back(std::move(object));
  }
  return http::json(200, boost::json::object{{"pending", waiting}, {"ended", ended}});
}

}  // namespace

void add_trust_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/trust", bind(list));
  router.add(http::Method::post, "/-/package/{package}/trust", bind(create));
  router.add(http::Method::del, "/-/package/{package}/trust/{id}", bind(revoke));
  router.add(http::Method::get, "/-/package/{package}/trust/ended", bind(list_ended));
  router.add(http::Method::post, "/-/package/{package}/trust/{id}/keep", bind(keep));
  router.add(http::Method::post, "/-/package/{package}/trust/{id}/restore", bind(restore));
  router.add(http::Method::get, "/-/org/{organization}/trust", bind(list));
  router.add(http::Method::post, "/-/org/{organization}/trust", bind(create));
  router.add(http::Method::del, "/-/org/{organization}/trust/{id}", bind(revoke));
  router.add(http::Method::get, "/-/org/{organization}/trust/ended", bind(list_ended));
  router.add(http::Method::post, "/-/org/{organization}/trust/{id}/keep", bind(keep));
  router.add(http::Method::post, "/-/org/{organization}/trust/{id}/restore", bind(restore));
  router.add(http::Method::get, "/-/trust/pending", bind(list_pending));
}

}  // namespace imp::registry
