#include "fixture.h"

#include "accounts/schema.h"
#include "accounts/totp.h"
#include "audit/log.h"
#include "base/encoding.h"
#include "mail/outbox.h"

namespace imp::accounts {

AccountsTest::AccountsTest(bool on_disk) {
  db::SqliteOptions options{.path = ":memory:"};
  if (on_disk) {
    std::string pattern = std::filesystem::temp_directory_path() / "imp-accounts-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    options.path = directory_ / "test.db";
  }
  database_ = std::move(*db::open_sqlite(options));
  std::vector<db::Migration> all = audit::migrations();
  for (db::Migration& migration : mail::migrations()) all.push_back(std::move(migration));
  for (db::Migration& migration : migrations()) all.push_back(std::move(migration));
  const auto migrated = database_->migrate(all);
  if (!migrated) ADD_FAILURE() << migrated.error().detail;
  accounts_ = another();
}

AccountsTest::~AccountsTest() {
  accounts_.reset();
  database_.reset();
  if (!directory_.empty()) std::filesystem::remove_all(directory_);
}

Services AccountsTest::services() {
  return {.database = *database_,
          .clock = clock_,
          .random = crypto::system_random(),
          .sealer = sealer_,
          .log = null_log(),
          .metrics = metrics_,
          .settings = {.public_url = std::string(kPublicUrl),
                       .password_cost = crypto::PasswordCost::minimal}};
}

std::unique_ptr<Accounts> AccountsTest::another() { return std::make_unique<Accounts>(services()); }

Person AccountsTest::person(const std::string& name, bool is_admin) {
  auto created = accounts_->people.create({.name = name,
                                           .email = name + "@example.test",
                                           .password = std::string(kPassword),
                                           .is_admin = is_admin},
                                          Actor::system());
  if (!created) ADD_FAILURE() << created.error().message << created.error().detail;
  return created.value();
}

Organization AccountsTest::organization(const std::string& name, const Person& founder) {
  auto created = accounts_->organizations.create({.name = name}, founder, actor(founder));
  if (!created) ADD_FAILURE() << created.error().message << created.error().detail;
  return created.value();
}

Actor AccountsTest::actor(const Person& person) {
  return {.person_id = person.id,
          .name = person.name,
          .is_admin = person.is_admin,
          .via = "session:test",
          .address = "192.0.2.1",
          .request_id = "test",
          .in_browser = true};
}

std::vector<std::string> AccountsTest::enable_totp(const Person& person) {
  const auto setup = accounts_->second_factors.begin_totp(person, actor(person));
  if (!setup) ADD_FAILURE() << setup.error().message;
  const auto sealed = database_->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT secret FROM accounts_totp WHERE person_id = :p1", {person.id})
        ->text(0);
  });
  const std::string secret = sealer_.open(*sealed, "totp/" + person.id).value();
  secrets_[person.id] = Bytes(secret.begin(), secret.end());
  auto codes = accounts_->second_factors.confirm_totp(person, code(person), actor(person));
  if (!codes) ADD_FAILURE() << codes.error().message;
  clock_.advance(std::chrono::seconds(kTotpStepSeconds));  // the confirming code is used up
  return codes.value();
}

std::string AccountsTest::code(const Person& person, int steps_from_now) {
  return totp_code(secrets_.at(person.id), totp_step(clock_.now()) + steps_from_now);
}

http::Request AccountsTest::request(http::Headers headers, http::Method method) {
  http::Request request;
  request.method = method;
  request.headers = std::move(headers);
  request.remote_address = "192.0.2.1";
  request.secure = true;
  request.id = "test";
  return request;
}

std::string AccountsTest::cookie_of(const StartedSession& started) {
  return started.set_cookie.substr(0, started.set_cookie.find(';'));
}

std::vector<std::string> AccountsTest::audited() {
  return database_
      ->read([](db::Session& session) -> Result<std::vector<std::string>> {
        std::vector<std::string> actions;
        for (const db::Row& row :
             session.rows("SELECT action FROM audit_records ORDER BY sequence")) {
          actions.push_back(row.text(0));
        }
        return actions;
      })
      .value();
}

std::int64_t AccountsTest::count(std::string_view sql) {
  return database_
      ->read([&](db::Session& session) -> Result<std::int64_t> {
        return session.row(sql)->integer(0);
      })
      .value();
}

}  // namespace imp::accounts
