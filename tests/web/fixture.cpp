#include "web/fixture.h"

#include <boost/json.hpp>

#include "accounts/totp.h"
#include "base/encoding.h"
#include "crypto/random.h"
#include "registry/packages/store.h"
#include "registry/publish/commit.h"
#include "registry/staging/staged_release.h"

namespace imp::web {

namespace {

app::Settings settings_for(const std::string& directory) {
  app::Settings settings;
  settings.data = directory;
  settings.public_url = kPublicUrl;
  return settings;
}

std::string csrf_in(std::string_view page) {
  constexpr std::string_view before = "name=\"csrf_token\" value=\"";
  const auto start = page.find(before);
  if (start == std::string_view::npos) return {};
  const auto from = start + before.size();
  return std::string(page.substr(from, page.find('"', from) - from));
}

}  // namespace

WebTest::WebTest() : settings_(settings_for(directory_.file("data"))) {
  store_ = std::make_unique<app::Store>(app::open_store(settings_.data, true).value());
  blobs_ = blobs::open_file_store({.root = store_->tarballs()}).value();
  accounts_ = std::make_unique<accounts::Accounts>(
      app::test::accounts_over(*store_, clock_, metrics_, kPublicUrl));
  registry_ = app::RegistryHalf::create(settings_, *store_, *blobs_, *accounts_, *client_, waiters_,
                                        "", clock_, null_log(), metrics_)
                  .value();
  ci_ = app::CiHalf::create(settings_, *store_, *accounts_, waiters_, clock_, null_log(), metrics_,
                            {})
            .value();
  services_ =
      std::make_unique<WebServices>(WebServices{*accounts_, registry_->services(), ci_->services(),
                                                ci_->pipelines(), clock_, std::string(kPublicUrl)});
  registry_->add_routes(router_);
  ci_->add_routes(router_);
  add_web_routes(router_, *services_);
}

WebTest::~WebTest() { store_->database->stop(); }

http::Request WebTest::request(http::Method method, std::string target, http::Headers headers,
                               std::string body) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.remote_address = "192.0.2.1";
  request.id = "req-1";
  return request;
}

Answer WebTest::answer_to(http::Request request) {
  return http::test::answer_to(router_, std::move(request));
}

Answer WebTest::Browser::send(http::Request request) {
  if (!cookie.empty()) request.headers.emplace_back("Cookie", cookie);
  if (!request.has_header("accept")) request.headers.emplace_back("Accept", "text/html,*/*;q=0.8");
  Answer answer = test.answer_to(std::move(request));
  if (const std::string set = answer.header("set-cookie"); !set.empty()) {
    cookie = set.substr(0, set.find(';'));
  }
  if (std::string token = csrf_in(answer.body); !token.empty()) csrf = std::move(token);
  return answer;
}

Answer WebTest::Browser::get(std::string target, http::Headers headers) {
  return send(request(http::Method::get, std::move(target), std::move(headers)));
}

Answer WebTest::Browser::post(std::string target, Fields fields, http::Headers headers) {
  if (!csrf.empty()) fields.emplace_back("csrf_token", csrf);
  std::string body;
  for (const auto& [name, value] : fields) {
    body += (body.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  headers.emplace_back("Origin", std::string(kPublicUrl));
  headers.emplace_back("Sec-Fetch-Site", "same-origin");
  return send(request(http::Method::post, std::move(target), std::move(headers), std::move(body)));
}

accounts::Person WebTest::person(const std::string& name, bool is_admin) {
  return app::test::add_person(*accounts_, name, is_admin);
}

WebTest::Browser WebTest::signed_in(const std::string& name) {
  Browser browser{*this};
  const auto person = accounts_->people.by_name(name).value();
  const auto session =
      accounts_->sessions.start(person, request(http::Method::get, "/"), false).value();
  browser.cookie = session.set_cookie.substr(0, session.set_cookie.find(';'));
  browser.csrf = session.session.csrf_token;
  return browser;
}

std::vector<std::string> WebTest::enable_totp(const accounts::Person& person) {
  const accounts::Actor self{.person_id = person.id, .name = person.name};
  const auto setup = accounts_->second_factors.begin_totp(person, self).value();
  Bytes secret;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : setup.secret) {
    bits = bits << 5 | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    held += 5;
    if (held < 8) continue;
    held -= 8;
    secret.push_back(static_cast<std::uint8_t>(bits >> held & 0xff));
  }
  const auto code = accounts::totp_code(secret, accounts::totp_step(clock_.now()));
  return accounts_->second_factors.confirm_totp(person, code, self).value();
}

accounts::Organization WebTest::organization(const std::string& name,
                                             const accounts::Person& founder,
                                             const std::string& display_name) {
  return accounts_->organizations
      .create({.name = name, .display_name = display_name}, founder, accounts::Actor::system())
      .value();
}

ci::Project WebTest::project(const accounts::Organization& organization, const std::string& name) {
  ci::NewProject wanted;
  wanted.organization_id = organization.id;
  wanted.organization_name = organization.name;
  wanted.name = name;
  wanted.repository_url = "https://github.com/" + organization.name + "/" + name;
  return ci_->services().projects.create(wanted, accounts::Actor::system()).value();
}

namespace {

registry::PublishCandidate candidate_of(const std::string& package, const std::string& version,
                                        boost::json::object manifest, const std::string& readme,
                                        registry::Access access) {
  registry::PublishCandidate candidate;
  candidate.name = package;
  candidate.version = version;
  candidate.tag = "latest";
  candidate.access = access;
  manifest["readme"] = readme;
  candidate.clean = registry::clean_manifest(manifest, candidate.package(), version);
  candidate.tarball.sha512 = std::string(128, 'a');
  candidate.tarball.integrity = "sha512-" + version;
  return candidate;
}

registry::PublishOrder order_of(db::Session& session, const registry::PackageName& name,
                                const accounts::Person& person) {
  registry::PublishOrder order;
  order.caller.person = person.name;
  order.publisher.person = {person.name, person.email};
  if (!name.scoped()) return order;
  if (const auto owner = accounts::find_organization_by_name(session, name.scope())) {
    order.scope_owner = owner->id;
    order.caller.organizations = {{owner->id, true}};
  }
  return order;
}

}  // namespace

void WebTest::publish(const std::string& package, const std::string& version,
                      const accounts::Person& person, boost::json::object manifest,
                      const std::string& readme, registry::Access access) {
  const auto candidate = candidate_of(package, version, std::move(manifest), readme, access);
  auto& services = registry_->services();
  const auto done = services.database.write([&](db::Session& session) {
    return registry::publish(session, candidate, order_of(session, candidate.package(), person),
                             services.key, clock_.now());
  });
  ASSERT_TRUE(done) << done.error().message;
}

void WebTest::stage(const std::string& package, const std::string& version,
                    const accounts::Person& person) {
  const auto candidate = candidate_of(package, version, {}, {}, registry::Access::open);
  const auto done = registry_->services().database.write([&](db::Session& session) {
    return registry::stage_release(session, candidate,
                                   order_of(session, candidate.package(), person), {}, person.name,
                                   clock_.now());
  });
  ASSERT_TRUE(done) << done.error().message;
}

std::int64_t WebTest::count(std::string_view sql) {
  return store_->database
      ->read([&](db::Session& session) -> Result<std::int64_t> {
        return session.row(sql)->integer(0);
      })
      .value();
}

std::vector<std::string> WebTest::audited(std::string_view outcome) {
  return store_->database
      ->read([&](db::Session& session) -> Result<std::vector<std::string>> {
        std::vector<std::string> actions;
        for (const auto& row :
             session.rows("SELECT action FROM audit_records WHERE outcome = :p1 ORDER BY sequence",
                          {std::string(outcome)})) {
          actions.push_back(row.text(0));
        }
        return actions;
      })
      .value();
}

}  // namespace imp::web
