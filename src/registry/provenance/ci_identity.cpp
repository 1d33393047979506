#include "registry/provenance/ci_identity.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "registry/trust/publisher.h"

namespace imp::registry {

namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : json::object();
}

}  // namespace

json::object CiIdentity::to_json() const {
  return {{"publisher", publisher}, {"provider", provider}, {"claims", claims}, {"run", run}};
}

CiIdentity CiIdentity::from_json(const json::object& kept) {
  return {text(kept, "publisher"), text(kept, "provider"), member(kept, "claims"),
          member(kept, "run")};
}

CiIdentity identity_of(db::Session& session, const trust::PublishToken& token) {
  CiIdentity identity{token.publisher_id, std::string(token.provider->type), {}, token.run};
  const auto publisher = trust::publisher_by_id(session, token.publisher_id);
  if (!publisher) return identity;
  identity.claims = publisher->claims.to_json();
  for (const auto& learnt : publisher->claims.learnt()) {
    identity.claims.emplace(learnt.key(), learnt.value());
  }
  return identity;
}

void keep_identity(db::Session& session, std::string_view stage_id, const CiIdentity& identity) {
  session.run("INSERT INTO staged_identity (stage_id, identity) VALUES (:p1, :p2)",
              {std::string(stage_id), json::serialize(identity.to_json())});
}

std::optional<CiIdentity> kept_identity(db::Session& session, std::string_view stage_id) {
  const auto row = session.row("SELECT identity FROM staged_identity WHERE stage_id = :p1",
                               {std::string(stage_id)});
  if (!row) return std::nullopt;
  return CiIdentity::from_json(json::parse(row->text(0)).as_object());
}

}  // namespace imp::registry
