#include "registry/api/requester.h"

#include <boost/json.hpp>

#include "base/uuid.h"
#include "registry/api/refusals.h"
#include "registry/packages/refusal.h"
#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

accounts::PackageUse use_of(trust::PublishAction action) {
  switch (action) {
    case trust::PublishAction::read:
      return accounts::PackageUse::read;
    case trust::PublishAction::stage:
      return accounts::PackageUse::stage;
    case trust::PublishAction::publish:
    case trust::PublishAction::dist_tag:
      return accounts::PackageUse::write;
  }
  return accounts::PackageUse::write;
}

}  // namespace

Result<Requester> Requester::identify(RegistryServices& services, const http::Request& request) {
  Requester requester;
  requester.attempt_id_ = new_ordered_uuid(services.clock.now());
  if (trust::is_publish_token(request.bearer())) {
    auto token = services.database.read([&](db::Session& session) {
      return trust::find_publish_token(session, request.bearer(), services.clock.now());
    });
    if (!token) {
      record_bad_publish_token(services, request, token.error());
      return pass_on(token);
    }
    requester.account_ = accounts::Caller::anonymous(request);
    requester.rights_.only_package = token->package_name;
    requester.publish_token_ = std::move(*token);
    return requester;
  }
  auto account = services.accounts.authenticator.authenticate(request);
  if (!account) return pass_on(account);
  requester.account_ = std::move(*account);
  if (!requester.account_.signed_in()) return requester;
  const auto memberships = services.accounts.organizations.of_person(requester.account_.person->id);
  if (!memberships) return pass_on(memberships);
  requester.rights_.person = requester.account_.person->name;
  for (const accounts::Membership& membership : *memberships) {
    requester.rights_.organizations.push_back(
        {membership.organization.id, membership.role == accounts::Role::admin});
  }
  return requester;
}

Result<Caller> Requester::rights_now(db::Session& session, Time now) const {
  if (publish_token_) {
    if (const auto stands = trust::still_stands(session, *publish_token_, now); !stands) {
      return pass_on(stands);
    }
    return rights_;
  }
  if (account_.token) {
    if (const auto stands = accounts::still_stands(session, *account_.token, now); !stands) {
      return pass_on(stands);
    }
  }
  Caller rights = rights_;
  rights.organizations.clear();
  for (const Membership& membership : rights_.organizations) {
    const auto role = accounts::role_of(session, membership.organization, account_.person->id);
    if (role) {
      rights.organizations.push_back({membership.organization, *role == accounts::Role::admin});
    }
  }
  return rights;
}

bool Requester::reaches(std::string_view package) const {
  return account_.reaches_package(package, accounts::PackageUse::read);
}

Result<Caller> Requester::rights_to_read(const PackageName& package) const {
  if (publish_token_) {
    const auto own = trust::may(*publish_token_, trust::PublishAction::read, package.text());
    if (!own) return pass_on(own);
    return rights_;
  }
  return reaches(package.text()) ? rights_ : Caller{};
}

Result<void> Requester::may(trust::PublishAction action, const PackageName& package) const {
  if (publish_token_) return trust::may(*publish_token_, action, package.text());
  if (!account_.signed_in()) {
    return refuse(
        PackageRefusal::not_signed_in,
        fmt::format(
            "You must sign in to change {}: run `npm login`. In a CI job, the exchange of its "
            "identity token was refused or not tried; `npm publish --loglevel verbose` shows "
            "why, and so does \"Publish attempts\" on the package's settings page.",
            package.text()));
  }
  if (!account_.reaches_package(package.text(), use_of(action))) {
    return refuse(PackageRefusal::not_permitted,
                  fmt::format("This access token may not be used for this on {}.", package.text()));
  }
  return {};
}

Result<void> Requester::may_govern() const {
  if (publish_token_) {
    return refuse(
        trust::TrustRefusal::publish_token_forbidden,
        "A publish token can publish its own package and do nothing else. Sign in as a person.");
  }
  if (!account_.signed_in()) {
    return refuse(PackageRefusal::not_signed_in, "You must sign in for this: run `npm login`.");
  }
  if (!account_.acts_fully()) {
    return refuse(PackageRefusal::not_permitted,
                  "This needs a sign-in (`npm login`) or a personal token; granular access tokens "
                  "cannot change "
                  "who may publish.");
  }
  return {};
}

std::string Requester::audit_actor() const {
  if (publish_token_) return "publisher:" + publish_token_->publisher_id;
  return account_.signed_in() ? "user:" + account_.person->name : "anonymous";
}

audit::Record Requester::audit_record(std::string_view action, std::string_view subject,
                                      Time now) const {
  audit::Record record;
  record.at = now;
  record.actor = audit_actor();
  record.action = action;
  record.subject = subject;
  record.outcome = "granted";
  record.request_id = account_.request_id;
  record.remote_address = account_.address;
  if (publish_token_) record.detail["run"] = publish_token_->run;
  return record;
}

Publisher Requester::publisher() const {
  Publisher publisher;
  if (publish_token_) {
    const trust::Provider& provider = *publish_token_->provider;
    publisher.person = {std::string(provider.machine_name), std::string(provider.machine_email)};
    publisher.trusted =
        Publisher::Trusted{std::string(provider.type), "oidc:" + publish_token_->publisher_id};
  } else if (account_.signed_in()) {
    publisher.person = {account_.person->name, account_.person->email};
  }
  return publisher;
}

std::optional<std::string> scope_owner(db::Session& session, const PackageName& name) {
  return trust::organization_of_scope(session, name);
}

std::expected<accounts::Confirmation, http::Response> confirmed_factor(
    RegistryServices& services, const http::Request& request, const Requester& requester,
    std::string action, std::string subject, Without without) {
  if (requester.publish_token()) return accounts::Confirmation{};
  accounts::Requirement requirement;
  const bool lenient = without == Without::allow;
  requirement.purpose = {std::move(action), std::move(subject), lenient};
  requirement.without_factor =
      lenient ? accounts::WithoutFactor::allow : accounts::WithoutFactor::refuse;
  requirement.bypass_tokens = lenient;
  return services.accounts.second_factor_gate.require(request, requester.account(), requirement);
}

std::optional<http::Response> second_factor(RegistryServices& services,
                                            const http::Request& request,
                                            const Requester& requester, std::string action,
                                            std::string subject, Without without) {
  auto confirmed = confirmed_factor(services, request, requester, std::move(action),
                                    std::move(subject), without);
  if (confirmed) return std::nullopt;
  return std::move(confirmed.error());
}

std::expected<bool, http::Response> given_factor(RegistryServices& services,
                                                 const http::Request& request,
                                                 const Requester& requester, std::string action,
                                                 std::string subject, Without without) {
  auto confirmed = confirmed_factor(services, request, requester, std::move(action),
                                    std::move(subject), without);
  if (!confirmed) return std::unexpected(std::move(confirmed.error()));
  return confirmed->kind != accounts::FactorKind::none;
}

Result<PackageName> addressed_package(const http::Request& request) {
  return PackageName::for_read(request.param("package"));
}

}  // namespace imp::registry
