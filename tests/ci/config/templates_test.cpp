#include "ci/config/templates.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace imp::ci::config {
namespace {

expr::Environment example() {
  expr::Environment environment;
  environment.set("pipeline.number", std::int64_t{42});
  environment.set("pipeline.git.branch", std::string("main"));
  environment.set("pipeline.git.tag", expr::Undefined{});
  environment.set("pipeline.parameters.yes", true);
  environment.set("pipeline.parameters.no", false);
  environment.set("pipeline.parameters.zero", std::int64_t{0});
  environment.set("pipeline.parameters.empty", std::string());
  environment.set("pipeline.parameters.old:name", std::string("old"));
  environment.set("pipeline.parameters.a/b", std::string("slash"));
  environment.set("pipeline.parameters.tag", std::string("<< pipeline.number >>"));
  return environment;
}

Scalar text(std::string value) { return Scalar(std::move(value)); }

TEST(Templates, Render) {
  struct Row {
    std::string source;
    Scalar rendered;
  };
  const std::vector<Row> rows = {
      {"no tag at all", text("no tag at all")},
      {"", text("")},
      // Exactly one tag keeps the type.
      {"<< pipeline.number >>", std::int64_t{42}},
      {"<<pipeline.parameters.yes>>", true},
      {"<< pipeline.git.branch >>", text("main")},
      {"<< pipeline.git.tag >>", Null{}},
      {"<< pipeline.git.branch == \"main\" and 10 or 1 >>", std::int64_t{10}},
      {"<<\n  pipeline.number\n>>", std::int64_t{42}},
      // Anything beside it makes text.
      {" << pipeline.number >>", text(" 42")},
      {"n=<< pipeline.number >>", text("n=42")},
      {"<< pipeline.number >><< pipeline.parameters.no >>", text("42false")},
      {"[<< pipeline.git.tag >>]", text("[]")},
      {"<< pipeline.git.tag or \"none\" >>!", text("none!")},
      // What a value contains is not read again.
      {"<< pipeline.parameters.tag >>", text("<< pipeline.number >>")},
      // Only << is special.
      {"echo x >> file", text("echo x >> file")},
      {"a < b > c", text("a < b > c")},
      {"cat \\<<EOF", text("cat <<EOF")},
      {"cat \\<<<word", text("cat <<<word")},
      {"\\\\<< pipeline.number >>", text("\\42")},
      {"a \\ b", text("a \\ b")},
      {"<< \"a >> b\" >>", text("a >> b")},
      {"<< \"a \\\" >> b\" >>", text("a \" >> b")},
      // Names from before there were expressions.
      {"<< pipeline.parameters.old:name >>", text("old")},
      // Sections.
      {"a<<# pipeline.parameters.yes >> b<</ pipeline.parameters.yes >>", text("a b")},
      {"a<<# pipeline.parameters.no >> b<</ pipeline.parameters.no >>", text("a")},
      {"<<#pipeline.parameters.empty>>b<</pipeline.parameters.empty>>", text("")},
      {"<<# pipeline.parameters.zero >>b<</ pipeline.parameters.zero >>", text("")},
      {"<<# pipeline.git.tag >>b<</ pipeline.git.tag >>", text("")},
      {"<<^ pipeline.parameters.no >>b<</ pipeline.parameters.no >>", text("b")},
      {"<<^ pipeline.parameters.yes >>b<</ pipeline.parameters.yes >>", text("")},
      {"<<# pipeline.parameters.yes >><< pipeline.number >><</ pipeline.parameters.yes >>!",
       text("42!")},
      {"<<# pipeline.parameters.yes >>1<<^ pipeline.parameters.no >>2<</ pipeline.parameters.no "
       ">>3<</ pipeline.parameters.yes >>",
       text("123")},
      // What a dropped section names need not exist.
      {"<<# pipeline.parameters.no >><< nosuch >><<# nosuch >>x<</ nosuch >><</ "
       "pipeline.parameters.no >>-",
       text("-")},
      {"<<# pipeline.parameters.a/b >>x<</ pipeline.parameters.a/b >>", text("x")},
  };
  for (const Row& row : rows) {
    const auto rendered = render(row.source, example());
    ASSERT_TRUE(rendered) << row.source << ": " << rendered.error();
    EXPECT_EQ(*rendered, row.rendered) << row.source << " gave " << to_text(*rendered);
  }
}

TEST(Templates, Refuse) {
  struct Row {
    std::string source;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"cat <<EOF", "Unclosed '<<' tag ('<<' must be escaped as '\\<<')"},
      {"cat <<EOF\nx >", "Unclosed '<<' tag ('<<' must be escaped as '\\<<')"},
      {"<<>>", "Expected expression after '<<'"},
      {"<<  >>", "Expected expression"},
      {"<< a b c >>", "Unknown infix function:\na b c\n  ^"},
      {"<< nosuch >>", "Referred to a variable \"nosuch\" that does not exist:\nnosuch\n^^^^^^"},
      {"<< parameters.x >>", "Arguments referenced without declared parameters: parameters.x"},
      {"<< a:b c >>", "Unexpected character ':':\na:b c\n ^"},
      {"<< pipeline.number < \"x\" >>",
       "Expected numeric operands to \"<\" operator:\npipeline.number < \"x\"\n                ^"},
      {"<<# pipeline.parameters.yes >>b", "Unclosed section, expected '<</'"},
      {"<<# pipeline.parameters.yes >>b<</ pipeline.parameters.no >>",
       "Expected section end tag to match start tag"},
      {"b<</ pipeline.parameters.no >>", "Expected section end tag to match start tag"},
      {"<<# >>b<</ >>", "Expected identifier"},
      {"<<# a b >>x<</ a b >>", "Expected valid identifier"},
      {"<<# a. >>x<</ a. >>", "Expected valid identifier"},
      {"<<# nosuch >>x<</ nosuch >>",
       "Referred to a variable \"nosuch\" that does not exist:\nnosuch\n^^^^^^"},
      {"<<# pipeline.parameters.yes >> << x", "Unclosed '<<' tag"},
      {"<<# pipeline.parameters.yes", "Unclosed '<<' tag ('<<' must be escaped as '\\<<')"},
      {"<< " + std::string(2049, 'a') + " >>",
       "Expressions must be less than 2048 characters, this one is 2049"},
  };
  for (const Row& row : rows) {
    const auto rendered = render(row.source, example());
    ASSERT_FALSE(rendered) << row.source;
    EXPECT_EQ(rendered.error(), row.message) << row.source;
  }
}

TEST(Templates, ManyOpenSectionsAreAnErrorAndNotAStackOverflow) {
  std::string source;
  for (int i = 0; i < 20'000; ++i) source += "<<# pipeline.parameters.yes >>";
  EXPECT_EQ(render(source, example()).error(), "Sections are nested more than 50 deep");
}

}  // namespace
}  // namespace imp::ci::config
