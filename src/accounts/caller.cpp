#include "accounts/caller.h"

namespace imp::accounts {

Caller Caller::anonymous(const http::Request& request) {
  Caller caller;
  caller.address = request.remote_address;
  caller.request_id = request.id;
  return caller;
}

Caller Caller::with_password(Person person, const http::Request& request) {
  Caller caller = anonymous(request);
  caller.kind = CallerKind::password;
  caller.person = std::make_shared<const Person>(std::move(person));
  return caller;
}

bool Caller::reaches_package(std::string_view package, PackageUse use) const {
  if (!signed_in()) return use == PackageUse::read;
  return !token || token->reaches_package(package, use);
}

bool Caller::acts_fully() const { return signed_in() && (!token || token->acts_fully()); }

bool Caller::reads_fully() const {
  if (!signed_in()) return false;
  return !token || (token->kind != TokenKind::granular && token->reach.all_packages &&
                    token->reach.packages_permission != TokenPermission::no_access);
}

Actor Caller::actor() const {
  if (!signed_in()) return Actor::anonymous(address, request_id);
  Actor actor{
      .person_id = person->id, .name = person->name, .address = address, .request_id = request_id};
  switch (kind) {
    case CallerKind::anonymous:
      break;
    case CallerKind::session:
      actor.via = "session:" + session->id;
      break;
    case CallerKind::token:
      actor.via = "token:" + token->key;
      break;
    case CallerKind::password:
      actor.via = "password";
      break;
  }
  actor.in_browser = kind == CallerKind::session;
  actor.limited = !acts_fully();
  if (actor.limited && token->reach.orgs_permission == TokenPermission::read_write) {
    actor.organizations = token->reach.orgs;
  }
  // A limited token must not carry the rights of the administrator who made it.
  actor.is_admin = person->is_admin && acts_fully();
  return actor;
}

}  // namespace imp::accounts
