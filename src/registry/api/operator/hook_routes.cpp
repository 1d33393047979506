#include <boost/json.hpp>

#include "hooks/refusal.h"
#include "http/response.h"
#include "registry/api/operator/hook_changes.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

constexpr std::int64_t kDeliveriesShown = 100;

/// A request about the webhooks of a package or an organisation, by somebody who governs it.
struct Governed {
  Requester requester;
  GovernedPlace place;
};
/// What the second factor of a change is for; none is asked for what only reads.
using Subject = std::function<Result<std::string>(const GovernedPlace&)>;

std::expected<Governed, http::Response> govern(RegistryServices& services,
                                               const http::Request& request,
                                               const std::string& action,
                                               const Subject& subject_for = {}) {
  const bool of_package = !request.param("package").empty();
  const std::string subject = of_package ? "package:" + request.param("package")
                                         : "organization:" + request.param("organization");
  auto requester = Requester::identify(services, request);
  if (!requester) {
    return std::unexpected(refused(services, nullptr, action, subject, requester.error()));
  }
  auto place = addressed_place(services, *requester, request);
  if (!place) {
    return std::unexpected(refused(services, &*requester, action, subject, place.error()));
  }
  if (subject_for) {
    const auto confirms = subject_for(*place);
    if (!confirms) return std::unexpected(http::failure(confirms.error()));
    if (auto challenge =
            second_factor(services, request, *requester, action, *confirms, Without::refuse)) {
      return std::unexpected(std::move(*challenge));
    }
  }
  return Governed{std::move(*requester), std::move(*place)};
}

boost::json::object hook_json(const hooks::Hook& hook) {
  return {{"id", hook.id},
          {"url", hook.url},
          {"events", boost::json::value_from(hook.events)},
          {"createdBy", hook.created_by},
          {"created", iso8601(hook.created)},
          {"paused",
           hook.paused.empty() ? boost::json::value(nullptr) : boost::json::value(hook.paused)}};
}

/// {"url", "events"?, "secret"?}
Result<hooks::HookRequest> parse(RegistryServices& services, const std::string& body) {
  const auto bad = [] {
    return refuse(hooks::HookRefusal::invalid_hook,
                  "The body must be {\"url\": \"https://…\", \"events\": [\"release.staged\", …], "
                  "\"secret\": \"whsec_…\"}; without events, or with none, all are told, and "
                  "without a secret one is made.");
  };
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error || !document.is_object()) return bad();
  hooks::HookRequest wanted;
  for (const auto& member : document.get_object()) {
    const boost::json::value& value = member.value();
    if (member.key() == "url" && value.is_string()) {
      wanted.url = value.get_string();
    } else if (member.key() == "secret" && value.is_string()) {
      wanted.secret = value.get_string();
    } else if (member.key() == "events" && value.is_array()) {
      for (const boost::json::value& event : value.get_array()) {
        if (!event.is_string()) return bad();
        wanted.events.emplace_back(event.get_string());
      }
    } else {
      return bad();
    }
  }
  if (const auto usable = check_hook(services, wanted); !usable) return pass_on(usable);
  return wanted;
}

Subject of_request(const hooks::HookRequest& wanted, std::string_view id = {}) {
  return [&wanted, id](const GovernedPlace& place) -> Result<std::string> {
    return hook_subject(place, wanted, id);
  };
}

http::Response denied(RegistryServices& services, const Governed& governed, std::string_view action,
                      const Failure& failure) {
  return refused(services, &governed.requester, action, governed.place.subject(), failure);
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "hook.list");
  if (!governed) return governed.error();
  const auto found = list_hooks(services, governed->place);
  if (!found) return http::failure(found.error());
  boost::json::array items;
  for (const hooks::Hook& hook : *found) items.push_back(hook_json(hook));
  return http::json(200, items);
}

http::Response add(RegistryServices& services, const http::Request& request) {
  // What is wrong with it is said before a code is asked for and used up.
  const auto wanted = parse(services, request.body);
  if (!wanted) return http::failure(wanted.error());
  const auto governed = govern(services, request, "hook.add", of_request(*wanted));
  if (!governed) return governed.error();
  const auto made = add_hook(services, governed->requester, governed->place, *wanted);
  if (!made) return denied(services, *governed, "hook.add", made.error());
  boost::json::object document = hook_json(made->hook);
  document["secret"] = made->secret;
  return http::json(201, document);
}

http::Response change(RegistryServices& services, const http::Request& request) {
  const auto wanted = parse(services, request.body);
  if (!wanted) return http::failure(wanted.error());
  const auto governed =
      govern(services, request, "hook.change", of_request(*wanted, request.param("id")));
  if (!governed) return governed.error();
  const auto changed =
      change_hook(services, governed->requester, governed->place, request.param("id"), *wanted);
  return changed ? http::json(200, hook_json(*changed))
                 : denied(services, *governed, "hook.change", changed.error());
}

http::Response remove(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "hook.remove", [&](const GovernedPlace& place) {
    return hook_subject(services, place, request.param("id"));
  });
  if (!governed) return governed.error();
  const auto removed =
      remove_hook(services, governed->requester, governed->place, request.param("id"));
  return removed ? http::no_content() : denied(services, *governed, "hook.remove", removed.error());
}

http::Response deliveries(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "hook.list");
  if (!governed) return governed.error();
  const auto found =
      list_deliveries(services, governed->place, request.param("id"), kDeliveriesShown);
  if (!found) return http::failure(found.error());
  boost::json::array items;
  for (const hooks::Delivery& delivery : *found) items.push_back(delivery.to_json());
  return http::json(200, items);
}

http::Response send_again(RegistryServices& services, const http::Request& request) {
  // It tells a receiver what it was told already.
  const auto governed = govern(services, request, "hook.redeliver");
  if (!governed) return governed.error();
  const auto delivery = redeliver(services, governed->requester, governed->place,
                                  request.param("id"), request.param("delivery"));
  return delivery ? http::json(202, delivery->to_json())
                  : denied(services, *governed, "hook.redeliver", delivery.error());
}

}  // namespace

void add_hook_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  const std::string of_package = "/-/package/{package}/hooks";
  router.add(http::Method::get, of_package, bind(list));
  router.add(http::Method::post, of_package, bind(add));
  router.add(http::Method::put, of_package + "/{id}", bind(change));
  router.add(http::Method::del, of_package + "/{id}", bind(remove));
  router.add(http::Method::get, of_package + "/{id}/deliveries", bind(deliveries));
  router.add(http::Method::post, of_package + "/{id}/deliveries/{delivery}", bind(send_again));
  const std::string of_organization = "/-/org/{organization}/hooks";
  router.add(http::Method::get, of_organization, bind(list));
  router.add(http::Method::post, of_organization, bind(add));
  router.add(http::Method::put, of_organization + "/{id}", bind(change));
  router.add(http::Method::del, of_organization + "/{id}", bind(remove));
  router.add(http::Method::get, of_organization + "/{id}/deliveries", bind(deliveries));
  router.add(http::Method::post, of_organization + "/{id}/deliveries/{delivery}", bind(send_again));
}

}  // namespace imp::registry
