#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/accounts_over.h"
#include "app/audit_tree.h"
#include "audit/log.h"
#include "db/temporary_directory.h"
#include "http/answer.h"
#include "tlog/proof_file.h"

namespace imp::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using http::test::Answer;

boost::json::object json_of(const Answer& answer) {
  return boost::json::parse(answer.body).as_object();
}
std::string code_of(const Answer& answer) {
  return std::string(json_of(answer).at("code").as_string());
}

class AuditRoutesTest : public testing::Test {
 protected:
  AuditRoutesTest() {
    settings_.data = directory_.file("data");
    settings_.public_url = "https://npm.example.org";
    store_ = std::make_unique<Store>(open_store(settings_.data, true).value());
    accounts_ = std::make_unique<accounts::Accounts>(
        test::accounts_over(*store_, clock_, metrics_, settings_.public_url));
    token_ = token_of(test::add_person(*accounts_, "root", true));
    audit_ =
        AuditTree::create(settings_, *store_, *accounts_, clock_, null_log(), metrics_).value();
    audit_->add_routes(router_);
  }
  ~AuditRoutesTest() override { store_->database->stop(); }

  std::string token_of(const accounts::Person& person,
                       accounts::TokenKind kind = accounts::TokenKind::personal) {
    accounts::NewToken token;
    token.name = "test";
    token.kind = kind;
    token.reach = accounts::full_reach();
    return accounts_->tokens.create(person, token, accounts::Actor::system()).value().token;
  }

  Answer get(const std::string& target, const std::string& token = {}) {
    http::Request request;
    request.target = target;
    request.remote_address = "192.0.2.1";
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    return http::test::answer_to(router_, std::move(request));
  }

  void seal() {
    audit::TransparencyLog log(*store_->database, store_->sealer, clock_);
    ASSERT_TRUE(log.seal_all());
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(audit::append_alone(*store_->database,
                                      {.actor = "user:x", .action = "test", .subject = "secret"}));
    }
  }
  std::vector<tlog::VerifierKey> keys() {
    std::vector<tlog::VerifierKey> found;
    for (const auto& one : json_of(get("/-/audit/keys")).at("keys").as_array()) {
      found.push_back(tlog::VerifierKey::parse(one.at("vkey").as_string()).value());
    }
    return found;
  }

  imp::test::TemporaryDirectory directory_;
  Settings settings_;
  ManualClock clock_{from_milliseconds(1'790'000'000'000)};
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<accounts::Accounts> accounts_;
  std::unique_ptr<AuditTree> audit_;
  http::Router router_;
  std::string token_;
};

TEST_F(AuditRoutesTest, TheCheckpointIsThereFromTheStartAndForEverybody) {
  const Answer answer = get("/-/audit/checkpoint");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("content-type"), "text/plain; charset=utf-8");
  const auto opened = tlog::open_checkpoint(answer.body, keys());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->checkpoint.origin, "npm.example.org/-/audit");
  EXPECT_EQ(opened->checkpoint.size, 3u);  // the administrator, the token, the log's key
  EXPECT_THAT(metrics_.exposition(), HasSubstr("audit_sealed_records 3"));
}

TEST_F(AuditRoutesTest, RotatedKeysAreListedWithTheirEnd) {
  audit::TransparencyLog log(*store_->database, store_->sealer, clock_);
  ASSERT_TRUE(log.keys().rotate(audit::LogKeys::OldKey::signs_on));
  const auto listed = json_of(get("/-/audit/keys")).at("keys").as_array();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_TRUE(listed[0].at("signs_until").is_null());
  EXPECT_EQ(listed[1].at("signs_until").as_string(), iso8601(clock_.now() + audit::kKeyOverlap));
}

TEST_F(AuditRoutesTest, ProofsWithoutRecordsAreForEverybody) {
  append(297);
  seal();
  const auto checkpoint = tlog::open_checkpoint(get("/-/audit/checkpoint").body, keys());
  ASSERT_EQ(checkpoint->checkpoint.size, 300u);

  const Answer included = get("/-/audit/inclusion?sequence=290");
  ASSERT_EQ(included.status, 200) << included.body;
  EXPECT_THAT(included.body, testing::Not(HasSubstr("secret")));
  const auto json = json_of(included);
  EXPECT_EQ(json.at("size").as_int64(), 300);
  EXPECT_EQ(json.at("index").as_int64(), 289);
  tlog::Hashes hashes;
  for (const auto& one : json.at("hashes").as_array()) {
    hashes.push_back(*tlog::parse_hash(one.as_string()));
  }
  EXPECT_TRUE(tlog::verify_inclusion(*tlog::parse_hash(json.at("leaf_hash").as_string()), 289, 300,
                                     checkpoint->checkpoint.root, hashes));
  EXPECT_EQ(json.at("checkpoint").as_string(), get("/-/audit/checkpoint").body);

  const auto older = json_of(get("/-/audit/inclusion?sequence=7&size=10"));
  EXPECT_EQ(older.at("size").as_int64(), 10);
  EXPECT_FALSE(older.contains("checkpoint"));  // that is of another size

  const auto consistent = json_of(get("/-/audit/consistency?from=10"));
  EXPECT_EQ(consistent.at("from_root"), older.at("root"));
  EXPECT_EQ(consistent.at("to").as_int64(), 300);
  hashes.clear();
  for (const auto& one : consistent.at("hashes").as_array()) {
    hashes.push_back(*tlog::parse_hash(one.as_string()));
  }
  EXPECT_TRUE(tlog::verify_consistency(10, 300, *tlog::parse_hash(older.at("root").as_string()),
                                       checkpoint->checkpoint.root, hashes));
}

TEST_F(AuditRoutesTest, ATreeCanBeRebuiltFromItsTiles) {
  append(297);
  seal();
  const auto checkpoint = tlog::open_checkpoint(get("/-/audit/checkpoint").body, keys());
  const Answer full = get("/-/audit/tile/0/000"), part = get("/-/audit/tile/0/001.p/44");
  ASSERT_EQ(full.status, 200);
  ASSERT_EQ(part.status, 200);
  EXPECT_EQ(full.header("content-type"), "application/octet-stream");
  EXPECT_EQ(full.header("cache-control"), "public, max-age=31536000, immutable");
  const std::string leaves = full.body + part.body;
  ASSERT_EQ(leaves.size(), 300u * 32);
  tlog::TileBuilder tree;
  for (std::size_t at = 0; at < leaves.size(); at += 32) {
    tlog::Hash hash;
    std::copy_n(leaves.begin() + static_cast<std::ptrdiff_t>(at), 32, hash.begin());
    tree.append(hash, [](unsigned, std::uint64_t, const tlog::Hashes&) {});
  }
  EXPECT_EQ(tree.root(), checkpoint->checkpoint.root);
  EXPECT_EQ(get("/-/audit/tile/1/000.p/1").body.size(), 32u);
}

TEST_F(AuditRoutesTest, WhatIsNotInTheCheckpointIsNotFound) {
  append(3);  // not sealed
  for (const char* target : {"/-/audit/inclusion",
                             "/-/audit/inclusion?sequence=",
                             "/-/audit/inclusion?sequence=0",
                             "/-/audit/inclusion?sequence=01",
                             "/-/audit/inclusion?sequence=-1",
                             "/-/audit/inclusion?sequence=4",
                             "/-/audit/inclusion?sequence=1&size=4",
                             "/-/audit/inclusion?sequence=1&size=x",
                             "/-/audit/inclusion?sequence=99999999999999999999",
                             "/-/audit/consistency",
                             "/-/audit/consistency?from=4",
                             "/-/audit/consistency?from=2&to=1",
                             "/-/audit/consistency?from=1&to=4",
                             "/-/audit/tile/0/000",
                             "/-/audit/tile/0/000.p/4",
                             "/-/audit/tile/0/001.p/1",
                             "/-/audit/tile/1/000.p/1",
                             "/-/audit/tile/00/000.p/1",
                             "/-/audit/tile/64/000.p/1",
                             "/-/audit/tile/-1/000.p/1",
                             "/-/audit/tile/0/0.p/1",
                             "/-/audit/tile/0/x000/000.p/1",
                             "/-/audit/tile/0/000.p/01"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(code_of(answer), "audit_log_out_of_range") << target;
  }
}

// ---- What shows records

const char* const kRestricted[] = {"/-/audit/proof/1", "/-/audit/tile/entries/000.p/1"};

TEST_F(AuditRoutesTest, RecordsAreForAdministratorsOfTheServerAlone) {
  const std::string other = token_of(test::add_person(*accounts_, "bob"));
  const std::string limited =
      token_of(accounts_->people.by_name("root").value(), accounts::TokenKind::granular);
  for (const char* target : kRestricted) {
    SCOPED_TRACE(target);
    EXPECT_EQ(get(target).status, 401);
    EXPECT_EQ(get(target, "npm_nonsense").status, 401);
    for (const std::string& token : {other, limited}) {
      const Answer answer = get(target, token);
      EXPECT_EQ(answer.status, 403);
      EXPECT_EQ(code_of(answer), "administrator_only");
    }
    EXPECT_EQ(get(target, token_).status, 200);
  }
  const auto refused = audit::list(*store_->database, {.action_prefix = "audit.read"});
  ASSERT_EQ(refused->entries.size(), 4u);
  EXPECT_EQ(refused->entries[0].record.outcome, "administrator_only");
}

TEST_F(AuditRoutesTest, AProofOverHttpIsCheckedWithTheKeyAlone) {
  append(40);
  seal();
  const Answer answer = get("/-/audit/proof/20", token_);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, StartsWith("c2sp.org/tlog-proof@v1\n"));
  const auto proof = tlog::parse_proof(answer.body);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_THAT(*proof->extra, HasSubstr("6:secret,"));
  EXPECT_TRUE(tlog::check_proof(*proof, *proof->extra, keys()));
}

TEST_F(AuditRoutesTest, EntriesHashToTheTileOfEverybody) {
  const Answer entries = get("/-/audit/tile/entries/000.p/3", token_);
  ASSERT_EQ(entries.status, 200);
  EXPECT_EQ(entries.header("cache-control"), "");  // left to the route: no-store
  const std::string tile = get("/-/audit/tile/0/000.p/3").body;
  std::string_view rest = entries.body;
  for (std::size_t at = 0; at < 3; ++at) {
    const std::size_t size =
        static_cast<unsigned char>(rest[0]) << 8 | static_cast<unsigned char>(rest[1]);
    EXPECT_EQ(text_of(tlog::leaf_hash(rest.substr(2, size))), tile.substr(at * 32, 32));
    rest.remove_prefix(size + 2);
  }
  EXPECT_TRUE(rest.empty());
}

// ---- The server goes on

TEST_F(AuditRoutesTest, ADamagedLogStopsTheSigningAndNotTheServer) {
  ASSERT_TRUE(store_->database->write([](db::Session& session) -> Result<void> {
    session.run("UPDATE audit_tree SET root = 'x'");
    return {};
  }));
  append(1);
  const auto again =
      AuditTree::create(settings_, *store_, *accounts_, clock_, null_log(), metrics_);
  ASSERT_TRUE(again);
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr("audit_seals_total{outcome=\"audit_tree_damaged\"} 1"));
}

TEST_F(AuditRoutesTest, SealsInTheBackgroundAndOnceMoreAtTheEnd) {
  audit_->start();
  append(5);
  audit_->stop();
  EXPECT_EQ(tlog::open_checkpoint(get("/-/audit/checkpoint").body, keys())->checkpoint.size, 8u);
}

TEST(AuditLogOrigin, IsTheAddressWithoutItsScheme) {
  const auto origin = [](std::string url) {
    Settings settings;
    settings.public_url = std::move(url);
    return audit_log_origin(settings);
  };
  EXPECT_EQ(origin("https://npm.example.org"), "npm.example.org/-/audit");
  EXPECT_EQ(origin("http://localhost:4873"), "localhost:4873/-/audit");
  EXPECT_EQ(origin("http://[::1]:4873"), "[::1]:4873/-/audit");
  EXPECT_TRUE(tlog::is_key_name(origin("http://a+b")));
}

}  // namespace
}  // namespace imp::app
