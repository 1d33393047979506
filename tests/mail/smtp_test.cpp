#include "mail/smtp.h"

namespace imp::mail {
namespace {

TEST(SmtpSettings, AreChecked) {
  const auto outcome = [](SmtpOptions options) { return check(options).has_value(); };
  for (const char* good :
       {"smtp://mail.example.org", "smtp://mail.example.org:587", "smtps://mail.example.org:465",
        "smtp://127.0.0.1:25", "smtp://[::1]", "smtp://mail_server:25"}) {
    EXPECT_TRUE(outcome({.server = good})) << good;
  }
  for (const char* bad :
       {"", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://u:p@mail.example.org",
        "smtp://mail.example.org/path", "smtp://mail.example.org/", "smtp://mail.example.org?x=1",
        "smtp://mail.example.org#x", "smtp://mail example.org", "file:///etc/passwd",
        "smtp://mail.example.org:", "smtp://mail.example.org:0", "smtp://mail.example.org:65536",
        "smtp://mail.example.org:25x", "smtp://[::1", "smtp://[localhost]",
        "smtp://mail.example.org\nsmtp://eve.example.org"}) {
    EXPECT_FALSE(outcome({.server = bad})) << bad;
  }
  const std::string remote = "smtp://mail.example.org", local = "smtp://localhost:2525";
  EXPECT_TRUE(outcome({.server = remote, .username = "u", .password = "p"}));
  EXPECT_FALSE(outcome({.server = remote, .username = "u"}));
  EXPECT_FALSE(outcome({.server = remote, .password = "p"}));
  // A password does not leave the machine in the clear, whatever the settings say.
  EXPECT_FALSE(outcome({.server = remote, .username = "u", .password = "p", .tls = Tls::none}));
  EXPECT_TRUE(outcome({.server = remote, .tls = Tls::none}));
  EXPECT_TRUE(outcome({.server = local, .username = "u", .password = "p", .tls = Tls::none}));
  EXPECT_TRUE(outcome(
      {.server = "smtps://mail.example.org", .username = "u", .password = "p", .tls = Tls::none}));
}

TEST(SmtpSettings, ThisMachineIsToldByItsAddress) {
  for (const char* here : {"smtp://localhost", "smtp://127.0.0.1:25", "smtp://127.9.9.9",
                           "smtp://[::1]:25", "smtps://localhost"}) {
    EXPECT_TRUE(is_this_machine(here)) << here;
  }
  for (const char* elsewhere :
       {"smtp://localhost.example.org", "smtp://10.0.0.1", "smtp://127.0.0.1.example.org",
        "smtp://[::2]", "smtp://0.0.0.0", "", "localhost"}) {
    EXPECT_FALSE(is_this_machine(elsewhere)) << elsewhere;
  }
}

// Nobody listens there: an outcome, not a hang or an exception, and no password in it.
TEST(Smtp, AServerThatIsAwayHasFailed) {
  const auto transport = make_smtp({.server = "smtp://127.0.0.1:1",
                                    .username = "registry",
                                    .password = "a secret word",
                                    .timeout = Milliseconds(2000)},
                                   "example.org");
  const Sent sent =
      transport->send("registry@example.org", "ann@example.org", "Subject: x\r\n\r\n", {});
  EXPECT_EQ(sent.outcome, Sent::Outcome::server_failed);
  EXPECT_FALSE(sent.answer.empty());
  EXPECT_FALSE(sent.answer.contains("secret")) << sent.answer;
}

}  // namespace
}  // namespace imp::mail
