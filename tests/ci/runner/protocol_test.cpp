#include "ci/runner/protocol.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "ci/runner/names.h"
#include "ci/runner/support.h"

namespace imp::ci::runner {
namespace {

namespace json = boost::json;

const std::string revision(40, 'a');

JobTicket full_ticket() {
  JobTicket out = test::ticket_with({});
  out.image = "cimg/node:22.14";
  out.shell = "/bin/sh -e";
  out.working_directory = "~/project/npm";
  out.environment = {{VariableSource::project, "A", "1"},
                     {VariableSource::context, "B", "two\nlines"},
                     {VariableSource::builtin, "CI", "true"},
                     {VariableSource::job, "C", ""}};
  out.secrets = {"hunter2", "\xc3\xa9t\xc3\xa9"};
  Run run;
  run.command = "echo \"hi\"\n";
  run.shell = "python3";
  run.working_directory = "sub";
  run.environment = {{"X", "y"}};
  run.background = true;
  run.no_output_seconds = 7;
  out.steps = {{"Checkout code", When::always,
                Checkout{"~/project", "https://h/r.git", "Basic eDp5", "https://h/r", revision,
                         "main", "", "refs/pull/1/head"}},
               {"Run", When::on_fail, run}};
  return out;
}

/// Encoding, decoding and encoding again must change nothing.
template <class Message>
void round_trip(const Message& message) {
  const std::string text = encode(message);
  const auto back = decode<Message>(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode(*back), text);
}

TEST(Protocol, RoundTrips) {
  round_trip(ClaimRequest{"0b1c2d3e-0000-4000-8000-000000000001", "r", {"a", "b"}, 20});
  round_trip(full_ticket());
  round_trip(HeartbeatRequest{"l"});
  round_trip(HeartbeatReply{true});
  round_trip(EventReply{41, true});
  round_trip(TokenRequest{"l", R"({"aud":"npm:x"})", true});
  round_trip(TokenReply{"a.b.c"});
  round_trip(ReleaseRequest{"l", ReleaseAction::update, "d", "1", "e", "c", "n", "s", true,
                            "SUCCESS", "r", true});
  round_trip(ReleaseReply{"planned"});
  round_trip(EventBatch{"l",
                        {{7, 1, StepStarted{0, "Spin up environment"}},
                         {8, 2, StepOutput{0, std::string("\xff\0\n", 3)}},
                         {9, 3, StepFinished{0, StepOutcome::failed, 137}},
                         {10, 4, StepFinished{1, StepOutcome::timedout, std::nullopt}},
                         {11, 5, JobFinished{JobOutcome::infrastructure_fail, false, "why"}}}});
}

TEST(Protocol, OutputKeepsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const auto back = decode<EventBatch>(encode(EventBatch{"l", {{1, 0, StepOutput{3, bytes}}}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<StepOutput>(back->events[0].what).bytes, bytes);
}

struct Hostile {
  const char* why;
  const char* pointer;  ///< RFC 6901, into the valid ticket
  const char* value;    ///< JSON to put there; null pointer: remove the member
  const char* message;  ///< part of what the refusal says
};

std::string changed(const std::string& text, const Hostile& hostile) {
  json::value document = json::parse(text);
  const std::string pointer = hostile.pointer;
  const std::size_t cut = pointer.rfind('/');
  const std::string key = pointer.substr(cut + 1);
  json::value& parent = document.at_pointer(pointer.substr(0, cut));
  if (hostile.value == nullptr) {
    parent.as_object().erase(key);
  } else if (parent.is_object()) {
    parent.as_object()[key] = json::parse(hostile.value);
  } else {
    parent.as_array().at(std::stoul(key)) = json::parse(hostile.value);
  }
  return json::serialize(document);
}

TEST(Protocol, HostileTickets) {
  const Hostile cases[] = {
      {"missing member", "/lease", nullptr, "lease is missing"},
      {"empty lease", "/lease", R"("")", "lease must not be empty"},
      {"wrong type", "/job_name", "7", "job_name must be text"},
      {"null is not text", "/job_name", "null", "job_name must be text"},
      {"unknown member", "/surprise", "1", "does not know"},
      {"a path as identifier would leave the work directory", "/job_id", R"("../../etc")",
       "job_id must be a UUID"},
      {"NUL ends a variable early", "/environment/0/value", R"("a\u0000B=c")", "NUL"},
      {"NUL in a command", "/steps/1/run/command", R"("a\u0000b")", "NUL"},
      {"a name that sets another variable", "/environment/0/name", R"("A=B")",
       "environment[0].name is not the name of a variable"},
      {"a name with a line break", "/environment/0/name", R"("A\nB")", "not the name"},
      {"an empty name", "/environment/0/name", R"("")", "not the name"},
      {"a context above the job", "/environment/0/source", R"("job")", "ordered by source"},
      {"an unknown source", "/environment/0/source", R"("root")", "does not know"},
      {"a revision that is an option", "/steps/0/checkout/revision", R"("--upload-pack=x")",
       "not a git object name"},
      {"a short revision", "/steps/0/checkout/revision", R"("abc123")", "not a git object name"},
      {"an upper-case revision", "/steps/0/checkout/revision",
       R"("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")", "not a git object name"},
      {"a branch that is an option", "/steps/0/checkout/branch", R"("-fx")", "git ref"},
      {"a ref that is a refspec", "/steps/0/checkout/ref", R"("a:refs/heads/main")", "git ref"},
      {"a header that brings another", "/steps/0/checkout/authorization",
       R"("Basic x\r\nHost: evil")", "must be one line"},
      {"a step that is both", "/steps/0/run", "{}", "does not know"},
      {"a step that is neither", "/steps/1/run", nullptr, "run is missing"},
      {"a negative time", "/time_limit_seconds", "-1", "whole number"},
      {"a fraction", "/time_limit_seconds", "1.5", "whole number"},
      {"beyond 64 bits", "/time_limit_seconds", "18446744073709551616", "whole number"},
      {"a lease of no time", "/lease_seconds", "0", "whole number"},
      {"a list that is an object", "/steps", "{}", "must be a list"},
      {"a step that is text", "/steps/0", R"("checkout")", "steps[0] must be an object"},
      {"secrets that are not text", "/secrets/0", "7", "list of texts"},
      {"an unknown when", "/steps/0/when", R"("sometimes")", "steps[0].when"},
      {"silence of no time", "/steps/1/run/no_output_seconds", "0", "whole number"},
  };
  const std::string valid = encode(full_ticket());
  ASSERT_TRUE(decode<JobTicket>(valid));
  for (const Hostile& hostile : cases) {
    const auto refused = decode<JobTicket>(changed(valid, hostile));
    ASSERT_FALSE(refused) << hostile.why;
    EXPECT_EQ(refused.error().code(), "malformed_message") << hostile.why;
    EXPECT_NE(refused.error().message.find(hostile.message), std::string::npos)
        << hostile.why << ": " << refused.error().message;
  }
}

TEST(Protocol, HostileBatches) {
  const std::string valid =
      encode(EventBatch{"l", {{1, 1, StepOutput{1, "x"}}, {2, 1, StepFinished{1, {}, 0}}}});
  ASSERT_TRUE(decode<EventBatch>(valid));
  const Hostile cases[] = {
      {"no events", "/events", "[]", "must not be empty"},
      {"a gap", "/events/1/sequence", "3", "consecutive"},
      {"twice the same", "/events/1/sequence", "1", "consecutive"},
      {"from zero", "/events/0/sequence", "0", "whole number"},
      {"not base64", "/events/0/step_output/bytes", R"("*")", "base64"},
      {"two things at once", "/events/0/job_finished",
       R"({"outcome":"success","halted":false,"message":""})", "does not know"},
      {"nothing at all", "/events/0/step_output", nullptr, "is missing"},
      {"an unknown outcome", "/events/1/step_finished/outcome", R"("great")", "does not know"},
      {"an exit code that no program has", "/events/1/step_finished/exit_code", "256", "whole"},
      {"no exit code member", "/events/1/step_finished/exit_code", nullptr, "missing"},
  };
  for (const Hostile& hostile : cases) {
    const auto refused = decode<EventBatch>(changed(valid, hostile));
    ASSERT_FALSE(refused) << hostile.why;
    EXPECT_NE(refused.error().message.find(hostile.message), std::string::npos)
        << hostile.why << ": " << refused.error().message;
  }
}

TEST(Protocol, NotJson) {
  for (std::string text : {"", "null", "[]", "{", "{}x", "\"lease\"", "{\"lease\":\"\xff\"}",
                           "{\"lease\":\"a\",\"lease\":\"b\"", "nan"}) {
    const auto refused = decode<HeartbeatRequest>(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code(), "malformed_message");
  }
  // Deep nesting must not exhaust the stack.
  EXPECT_FALSE(decode<HeartbeatRequest>(std::string(100000, '[')));
}

TEST(Protocol, Paths) {
  EXPECT_EQ(job_path("a-b", "events"), "/runner/v1/jobs/a-b/events");
  EXPECT_EQ(job_path("a/../b", "events"), "/runner/v1/jobs/a%2F..%2Fb/events");
}

TEST(Names, GitReferences) {
  for (const char* good : {"main", "feature/x", "refs/heads/main", "v1.0.0", "a@b", "x-y",
                           "dependabot/npm_and_yarn/a-1.2", "\xc3\xa9"}) {
    EXPECT_TRUE(is_git_reference(good)) << good;
  }
  for (const char* bad : {"",      "-x",     "--upload-pack=x",
                          "+main", "a:b",    "a..b",
                          "a b",   "a\nb",   "a^",
                          "a~1",   "a?",     "a*",
                          "a[",    "a\\b",   "@",
                          "a@{1}", "/a",     "a/",
                          "a//b",  ".a",     "a/.b",
                          "a.",    "a.lock", "a.lock/b",
                          "\x7f"}) {
    EXPECT_FALSE(is_git_reference(bad)) << bad;
  }
}

TEST(Names, Variables) {
  for (const char* good : {"A", "_", "a1_B"}) EXPECT_TRUE(is_variable_name(good)) << good;
  for (const char* bad : {"", "1A", "A-B", "A.B", "A=B", "A B", "\xc3\xa9", "BASH_FUNC_x%%"}) {
    EXPECT_FALSE(is_variable_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace imp::ci::runner
