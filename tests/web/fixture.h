#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/accounts.h"
#include "app/accounts_over.h"
#include "app/ci_half.h"
#include "app/registry_half.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/metrics.h"
#include "blobs/file_store.h"
#include "db/temporary_directory.h"
#include "http/answer.h"
#include "http/client.h"
#include "http/waiters.h"
#include "web/routes.h"

namespace imp::web {

inline constexpr std::string_view kPublicUrl = "https://npm.example.test:4873";
using app::test::kPassword;
using http::test::Answer;

using Fields = std::vector<std::pair<std::string, std::string>>;

/// All pages over both halves, wired as the server wires them, in a directory of their own.
class WebTest : public testing::Test {
 protected:
  WebTest();
  ~WebTest() override;

  /// A browser: keeps its cookie, and the CSRF token of the last page that had one.
  struct Browser {
    WebTest& test;
    std::string cookie = {};
    std::string csrf = {};

    Answer get(std::string target, http::Headers headers = {});
    /// With the CSRF token, as from a form of this server.
    Answer post(std::string target, Fields fields = {}, http::Headers headers = {});
    Answer send(http::Request request);
  };

  accounts::Person person(const std::string& name, bool is_admin = false);
  Browser signed_in(const std::string& name);
  /// Enables TOTP; recovery codes, each good for one decision.
  std::vector<std::string> enable_totp(const accounts::Person& person);
  accounts::Organization organization(const std::string& name, const accounts::Person& founder,
                                      const std::string& display_name = {});
  ci::Project project(const accounts::Organization& organization, const std::string& name);
  /// Publishes a version with these members of its manifest.
  void publish(const std::string& package, const std::string& version,
               const accounts::Person& person, boost::json::object manifest = {},
               const std::string& readme = {}, registry::Access access = registry::Access::open);
  /// Stages a version, which then waits for approval.
  void stage(const std::string& package, const std::string& version,
             const accounts::Person& person);
  std::int64_t count(std::string_view sql);
  /// The audit actions that were recorded with this outcome.
  std::vector<std::string> audited(std::string_view outcome);

  Answer answer_to(http::Request request);
  static http::Request request(http::Method method, std::string target, http::Headers headers = {},
                               std::string body = {});

  test::TemporaryDirectory directory_;
  ManualClock clock_{from_milliseconds(1'790'000'000'000)};
  Metrics metrics_;
  http::Waiters waiters_;
  std::unique_ptr<http::Client> client_ = http::make_client();
  app::Settings settings_;
  std::unique_ptr<app::Store> store_;
  std::unique_ptr<blobs::Store> blobs_;
  std::unique_ptr<accounts::Accounts> accounts_;
  std::unique_ptr<app::RegistryHalf> registry_;
  std::unique_ptr<app::CiHalf> ci_;
  std::unique_ptr<WebServices> services_;
  http::Router router_;
};

}  // namespace imp::web
