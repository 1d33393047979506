#include "registry/trust/permissions.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

struct Sent {
  const char* name;
  const char* json_text;  ///< empty: no such member
  const char* outcome;    ///< what is stored, or the code of the refusal
};

class SentPermissions : public testing::TestWithParam<Sent> {};

TEST_P(SentPermissions, AreTakenOrRefused) {
  const std::string_view text = GetParam().json_text;
  const json::value value = text.empty() ? json::value() : json::parse(text);
  const auto parsed = Permissions::parse(text.empty() ? nullptr : &value);
  EXPECT_EQ(parsed ? parsed->stored() : std::string(parsed.error().code()), GetParam().outcome);
  if (parsed) EXPECT_EQ(Permissions::parse_stored(parsed->stored()), *parsed);
}

INSTANTIATE_TEST_SUITE_P(
    Each, SentPermissions,
    testing::Values(
        // Who may publish at once may also ask for approval.
        Sent{"Publish", R"(["createPackage"])", "createPackage,createStagedPackage"},
        Sent{"Stage", R"(["createStagedPackage"])", "createStagedPackage"},
        Sent{"Tags", R"(["manageDistTags"])", "manageDistTags"},
        Sent{"All", R"(["manageDistTags","createPackage","createStagedPackage"])",
             "createPackage,createStagedPackage,manageDistTags"},
        Sent{"Twice", R"(["createStagedPackage","createStagedPackage"])", "createStagedPackage"},
        Sent{"Absent", "", "invalid_permissions"}, Sent{"None", "[]", "invalid_permissions"},
        Sent{"Null", "null", "invalid_permissions"},
        Sent{"Text", R"("createPackage")", "invalid_permissions"},
        Sent{"Object", R"({"createPackage":true})", "invalid_permissions"},
        Sent{"Unknown", R"(["createPackage","deletePackage"])", "invalid_permissions"},
        Sent{"OtherCase", R"(["CreatePackage"])", "invalid_permissions"},
        Sent{"Joined", R"(["createPackage,manageDistTags"])", "invalid_permissions"},
        Sent{"Number", "[1]", "invalid_permissions"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(StoredPermissions, GiveNothingForWordsNobodyKnows) {
  EXPECT_EQ(Permissions::parse_stored(""), Permissions{});
  EXPECT_EQ(Permissions::parse_stored(",,"), Permissions{});
  EXPECT_EQ(Permissions::parse_stored("admin,createPackages"), Permissions{});
  EXPECT_EQ(Permissions::parse_stored("x,manageDistTags"), (Permissions{false, false, true}));
}

TEST(Permissions, AreListedUnderNpmsNames) {
  EXPECT_EQ(json::serialize(Permissions{true, true, true}.to_json()),
            R"(["createPackage","createStagedPackage","manageDistTags"])");
  EXPECT_EQ(json::serialize(Permissions{}.to_json()), "[]");
}

}  // namespace
}  // namespace imp::trust::test
