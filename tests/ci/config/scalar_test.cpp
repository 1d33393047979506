#include "ci/config/scalar.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace imp::ci::config {
namespace {

TEST(Scalar, UnquotedTextHasYaml11Types) {
  struct Row {
    std::string written;
    Scalar scalar;
  };
  const auto text = [](const char* value) { return Scalar(std::string(value)); };
  const std::vector<Row> rows = {
      {"", Null{}},
      {"~", Null{}},
      {"null", Null{}},
      {"nULL", text("nULL")},
      {"true", true},
      {"Yes", true},
      {"ON", true},
      {"off", false},
      {"No", false},
      {"y", text("y")},  // CircleCI's parser leaves single letters alone
      {"oN", text("oN")},
      {"0", std::int64_t{0}},
      {"42", std::int64_t{42}},
      {"-7", std::int64_t{-7}},
      {"+7", std::int64_t{7}},
      {"1_000", std::int64_t{1000}},
      {"010", std::int64_t{8}},
      {"08", text("08")},  // not octal, and not decimal either
      {"0x1F", std::int64_t{31}},
      {"0b101", std::int64_t{5}},
      {"9223372036854775807", std::int64_t{9223372036854775807}},
      {"9223372036854775808", text("9223372036854775808")},
      {"3.10", 3.1},
      {".5", 0.5},
      {"1.", 1.0},
      {"6.02e+23", 6.02e+23},
      {"-2.5", -2.5},
      {"22:22", text("22:22")},  // base 60 in YAML 1.1, a port mapping to everybody else
      {"2019-01-01", text("2019-01-01")},
      {"1.2.3", text("1.2.3")},
      {"1234e56", text("1234e56")},  // a short commit hash more often than a number
      {".inf", text(".inf")},
      {".nan", text(".nan")},
      {"0x", text("0x")},
      {"--1", text("--1")},
      {"_1", text("_1")},
      {"+", text("+")},
      {".", text(".")},
      {"1.0e999", text("1.0e999")},
  };
  for (const Row& row : rows) EXPECT_EQ(resolve_plain(row.written), row.scalar) << row.written;
}

TEST(Scalar, TextOfEachType) {
  EXPECT_EQ(to_text(Null{}), "");
  EXPECT_EQ(to_text(true), "true");
  EXPECT_EQ(to_text(false), "false");
  EXPECT_EQ(to_text(std::int64_t{20261123}), "20261123");  // never 2.0261123e+07
  EXPECT_EQ(to_text(3.1), "3.1");
  EXPECT_EQ(to_text(1.0), "1");
  EXPECT_EQ(to_text(std::string("x")), "x");
}

}  // namespace
}  // namespace imp::ci::config
