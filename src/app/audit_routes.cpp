#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "app/audit_tree.h"
#include "audit/tree_refusal.h"
#include "tlog/decimal.h"

namespace imp::app {

namespace {

using Answer = Result<http::Response>;

http::Response binary(std::string body) {
  http::Response response;
  response.header("content-type", "application/octet-stream");
  response.body = std::move(body);
  return response;
}

http::Response answer(Answer given) {
  return given ? std::move(*given) : accounts::refusal_response(given.error());
}

/// Who may see what the log's records say.
Result<void> require_administrator(accounts::Accounts& accounts, const http::Request& request) {
  const auto caller = accounts.authenticator.require_person(request);
  if (!caller) return pass_on(caller);
  if (caller->person->is_admin && caller->reads_fully()) return {};
  const auto refused =
      refuse(accounts::AccountRefusal::administrator_only,
             "Records of the audit log are for administrators of the server, by a session or a "
             "personal token. Checkpoints, tiles and proofs without records are for everybody.");
  accounts.trail.refused(caller->actor(), "audit.read", "audit", refused.error());
  return refused;
}

std::unexpected<Failure> no_number(std::string_view name) {
  return refuse(audit::TreeRefusal::out_of_range,
                fmt::format("\"{}\" is missing or not a number in decimal digits.", name));
}

/// A query parameter; nothing when it is absent.
Result<std::optional<std::int64_t>> number(const http::Request& request, std::string_view name) {
  const auto text = request.query(name);
  if (!text) return std::nullopt;
  const auto value = tlog::parse_decimal(*text);
  if (!value) return no_number(name);
  return static_cast<std::int64_t>(*value);
}

Result<std::int64_t> required_number(const http::Request& request, std::string_view name) {
  const auto value = number(request, name);
  if (!value) return pass_on(value);
  if (!*value) return no_number(name);
  return **value;
}

Result<tlog::TileName> tile_name(const http::Request& request) {
  const auto name = tlog::parse_tile_path(request.param("index"));
  if (name) return *name;
  return refuse(audit::TreeRefusal::out_of_range,
                "A tile's address ends with its index, three digits at a time: 000, x001/234, or "
                "x001/234.p/56 for one that is not full.");
}

boost::json::array texts(const tlog::Hashes& hashes) {
  boost::json::array array;
  for (const tlog::Hash& hash : hashes) array.emplace_back(tlog::hash_text(hash));
  return array;
}

Answer checkpoint(const audit::TransparencyLog& tree) {
  auto state = tree.checkpoint();
  if (!state) return pass_on(state);
  return http::text(200, std::move(state->checkpoint));
}

Answer keys(const audit::TransparencyLog& tree) {
  const auto all = tree.keys().list();
  if (!all) return pass_on(all);
  boost::json::array array;
  for (const audit::LogKey& one : *all) {
    boost::json::object key{{"vkey", one.key.text()}, {"created", iso8601(one.created)}};
    if (one.signs_until) {
      key["signs_until"] = iso8601(*one.signs_until);
    } else {
      key["signs_until"] = nullptr;
    }
    array.push_back(std::move(key));
  }
  return http::json(200, boost::json::object{{"keys", std::move(array)}});
}

Answer inclusion(const audit::TransparencyLog& tree, const http::Request& request) {
  const auto sequence = required_number(request, "sequence");
  if (!sequence) return pass_on(sequence);
  const auto size = number(request, "size");
  if (!size) return pass_on(size);
  const auto proof = tree.inclusion(*sequence, *size);
  if (!proof) return pass_on(proof);
  boost::json::object body{{"sequence", *sequence},
                           {"index", *sequence - 1},
                           {"size", proof->size},
                           {"leaf_hash", tlog::hash_text(proof->leaf)},
                           {"hashes", texts(proof->hashes)},
                           {"root", tlog::hash_text(proof->root)}};
  if (!proof->checkpoint.empty()) body["checkpoint"] = proof->checkpoint;
  return http::json(200, body);
}

Answer consistency(const audit::TransparencyLog& tree, const http::Request& request) {
  const auto from = required_number(request, "from");
  if (!from) return pass_on(from);
  const auto to = number(request, "to");
  if (!to) return pass_on(to);
  const auto proof = tree.consistency(*from, *to);
  if (!proof) return pass_on(proof);
  boost::json::object body{{"from", proof->from},
                           {"to", proof->to},
                           {"from_root", tlog::hash_text(proof->from_root)},
                           {"to_root", tlog::hash_text(proof->to_root)},
                           {"hashes", texts(proof->hashes)}};
  if (!proof->checkpoint.empty()) body["checkpoint"] = proof->checkpoint;
  return http::json(200, body);
}

Answer tile(const audit::TransparencyLog& tree, const http::Request& request) {
  const auto level = tlog::parse_tile_level(request.param("level"));
  if (!level) {
    return refuse(audit::TreeRefusal::out_of_range, "A tile's level is a number from 0 to 63.");
  }
  const auto name = tile_name(request);
  if (!name) return pass_on(name);
  auto bytes = tree.tile(*level, *name);
  if (!bytes) return pass_on(bytes);
  http::Response response = binary(std::move(*bytes));
  response.header("cache-control", "public, max-age=31536000, immutable");
  return response;
}

Answer entries(const audit::TransparencyLog& tree, accounts::Accounts& accounts,
               const http::Request& request) {
  if (const auto may = require_administrator(accounts, request); !may) return pass_on(may);
  const auto name = tile_name(request);
  if (!name) return pass_on(name);
  auto bundle = tree.entry_bundle(*name);
  if (!bundle) return pass_on(bundle);
  return binary(std::move(*bundle));
}

Answer proof(const audit::TransparencyLog& tree, accounts::Accounts& accounts,
             const http::Request& request) {
  if (const auto may = require_administrator(accounts, request); !may) return pass_on(may);
  const auto sequence = tlog::parse_decimal(request.param("sequence"));
  if (!sequence) return no_number("sequence");
  auto text = tree.prove(static_cast<std::int64_t>(*sequence));
  if (!text) return pass_on(text);
  return http::text(200, std::move(*text));
}

}  // namespace

void AuditTree::add_routes(http::Router& router) {
  router.add(http::Method::get, "/-/audit/checkpoint",
             [this](const http::Request&) { return answer(checkpoint(tree_)); });
  router.add(http::Method::get, "/-/audit/keys",
             [this](const http::Request&) { return answer(keys(tree_)); });
  router.add(http::Method::get, "/-/audit/inclusion",
             [this](const http::Request& request) { return answer(inclusion(tree_, request)); });
  router.add(http::Method::get, "/-/audit/consistency",
             [this](const http::Request& request) { return answer(consistency(tree_, request)); });
  router.add(http::Method::get, "/-/audit/tile/{level}/{index...}",
             [this](const http::Request& request) { return answer(tile(tree_, request)); });
  router.add(
      http::Method::get, "/-/audit/tile/entries/{index...}",
      [this](const http::Request& request) { return answer(entries(tree_, accounts_, request)); });
  router.add(http::Method::get, "/-/audit/proof/{sequence}", [this](const http::Request& request) {
    return answer(proof(tree_, accounts_, request));
  });
}

}  // namespace imp::app
