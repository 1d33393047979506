#include "registry/api/change_subject.h"

#include <gtest/gtest.h>

namespace imp::registry {
namespace {

TEST(ChangeSubject, SaysWhatAndHow) {
  EXPECT_EQ(change_subject("@acme/lib", "latest to 1.0.0"), "@acme/lib: latest to 1.0.0");
}

// What cannot be shown as it is has a hash, so that nothing else has the same subject.
TEST(ChangeSubject, OfOtherChangesIsAnother) {
  const std::string plain = change_subject("lib", "<U+202E>x");
  const std::string hidden = change_subject("lib", "\u202ex");
  EXPECT_TRUE(hidden.starts_with("lib: <U+202E>x (")) << hidden;
  EXPECT_NE(hidden, plain);
  const std::string first(2000, 'a');
  std::string second = first;
  second.back() = 'b';
  EXPECT_NE(change_subject("lib", first), change_subject("lib", second));
  EXPECT_LT(change_subject("lib", first).size(), 1100u);
  EXPECT_NE(change_subject("lib", std::string(1000, 'a')), change_subject("lib", first));
}

// A page and a database take whole characters alone.
TEST(ChangeSubject, IsCutBetweenCharacters) {
  std::string change(999, 'a');
  for (int i = 0; i < 10; ++i) change += "é";
  const std::string subject = change_subject("lib", change);
  EXPECT_TRUE(subject.contains("aé …")) << subject;
}

}  // namespace
}  // namespace imp::registry
