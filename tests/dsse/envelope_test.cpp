#include "dsse/envelope.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "dsse/refusal.h"

namespace imp::dsse {
namespace {

namespace json = boost::json;

TEST(DsseEnvelope, SignsTheTextOfTheSpecification) {
  // The example of the DSSE v1 protocol.
  const Envelope envelope{"http://example.com/HelloWorld", "hello world", {}, {}};
  EXPECT_EQ(signed_text(envelope), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(DsseEnvelope, NothingMovesFromTypeToPayload) {
  EXPECT_NE(signed_text({"a b", "c", {}, {}}), signed_text({"a", "b c", {}, {}}));
  EXPECT_NE(signed_text({"a", "1 b", {}, {}}), signed_text({"a 3", "b", {}, {}}));
}

TEST(DsseEnvelope, ReadsWhatItWrites) {
  const Envelope envelope{"type", std::string("\0\xff{}", 4), "key", {1, 2, 3}};
  const auto read = parse_envelope(to_json(envelope));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->payload_type, envelope.payload_type);
  EXPECT_EQ(read->payload, envelope.payload);
  EXPECT_EQ(read->keyid, envelope.keyid);
  EXPECT_EQ(read->signature, envelope.signature);
}

TEST(DsseEnvelope, KeyIdIsOptional) {
  const auto read = parse_envelope(
      json::parse(R"({"payload":"aQ==","payloadType":"t","signatures":[{"sig":"AA=="}]})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->keyid, "");
}

TEST(DsseEnvelope, RefusesWhatIsNotClear) {
  const char* cases[] = {
      "[]",
      R"({"payloadType":"t","signatures":[{"sig":"AA=="}]})",
      R"({"payload":"","payloadType":"t","signatures":[{"sig":"AA=="}]})",
      R"({"payload":"a!","payloadType":"t","signatures":[{"sig":"AA=="}]})",
      // The same bytes may not be written in two ways.
      R"({"payload":"aR==","payloadType":"t","signatures":[{"sig":"AA=="}]})",
      R"({"payload":"aQ==","payloadType":1,"signatures":[{"sig":"AA=="}]})",
      R"({"payload":"aQ==","payloadType":"t"})",
      R"({"payload":"aQ==","payloadType":"t","signatures":[]})",
      R"({"payload":"aQ==","payloadType":"t","signatures":[1]})",
      R"({"payload":"aQ==","payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":"aQ==","payloadType":"t","signatures":[{"keyid":"k"}]})",
      R"({"payload":"aQ==","payloadType":"t","signatures":[{"sig":"AA=="},{"sig":"AA=="}]})",
  };
  for (const char* one : cases) {
    const auto read = parse_envelope(json::parse(one));
    ASSERT_FALSE(read) << one;
    EXPECT_EQ(read.error().code(), reason(DsseRefusal::malformed_envelope).code) << one;
  }
}

}  // namespace
}  // namespace imp::dsse
