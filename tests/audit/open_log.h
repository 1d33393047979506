#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "audit/log.h"
#include "audit/verify.h"
#include "db/open_store.h"

namespace imp::audit {

inline Record sample(int number) {
  return {.at = from_milliseconds(1'790'000'000'000 + number),
          .actor = "user:alice",
          .action = "trust.exchange",
          .subject = "package:@acme/widget-" + std::to_string(number),
          .outcome = "granted",
          .organization = "acme",
          .request_id = "request-" + std::to_string(number),
          .remote_address = "192.0.2.1",
          .detail = {{"claim", "oidc.circleci.com/project-id"}, {"number", number}}};
}

/// A log in memory with `count` sample records, numbered from 1.
inline std::unique_ptr<db::Database> log_with(int count) {
  auto store = db::open_or_abort({.path = ":memory:"});
  EXPECT_TRUE(store->migrate(migrations()));
  const auto done = store->write([&](db::Session& session) -> Result<void> {
    for (int number = 1; number <= count; ++number) append(session, sample(number));
    return {};
  });
  EXPECT_TRUE(done);
  return store;
}

}  // namespace imp::audit
