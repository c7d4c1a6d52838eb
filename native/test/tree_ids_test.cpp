// Ids, records and resources in a tree of instances.
#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

#include "tree/instance_id.h"
#include "tree/record_text.h"
#include "tree/shape.h"
#include "tree/tree_source.h"

namespace flux_ensemble::tree {

TEST_CASE("an id holds its sub-instance, and comes back") {
  std::mt19937_64 random(16);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t own = random() & ~(kGeneratorMask << kGeneratorShift);
    const auto instance = static_cast<InstanceNumber>(1 + random() % kMaxInstance);
    const journal::JobId id = InTree(own, instance);
    CHECK(InstanceOf(id) == instance);
    CHECK(InInstance(id) == own);
    CHECK(GeneratorOf(own) == 0);
  }
  // The order of two jobs of one sub-instance stays.
  CHECK(InTree(1, 7) < InTree(2, 7));
  CHECK(InTree(5, 1) != InTree(5, 2));
}

TEST_CASE("an id of the parent stays, whichever broker made it") {
  for (const std::uint64_t rank : {0, 1, 100, 8191}) {
    const journal::JobId id = 12345ull << 24 | rank << kGeneratorShift | 3;
    CHECK(InstanceOf(id) == kParent);
    CHECK(InInstance(id) == id);
    CHECK(InTree(id, kParent) == id);
  }
}

TEST_CASE("numbers of sub-instances begin again after the last one") {
  CHECK(NextInstance(0) == 1);
  CHECK(NextInstance(1) == 2);
  CHECK(NextInstance(kMaxInstance) == 1);
  CHECK(InstanceOf(InTree(0, kMaxInstance)) == kMaxInstance);
}

TEST_CASE("a record gets another id") {
  std::string copy;
  CHECK(CopyWithId(R"({"id":12,"events":[]})", 12, 99, copy));
  CHECK(copy == R"({"id":99,"events":[]})");
  // Members of inner objects, and texts, do not count.
  CHECK(CopyWithId(R"({"events":[{"context":{"id":12,"x":"}\"id\":12"}}], "id" : 12 })", 12, 7,
                   copy));
  CHECK(copy == R"({"events":[{"context":{"id":12,"x":"}\"id\":12"}}], "id" : 7 })");
  for (const char* const odd :
       {R"({"i\u0064":12})", R"({"id":13})", R"({"id":"12"})", R"({"id":12.0})", R"([12])", "",
        R"({"id")", R"({"id":)", R"({"events":[)", R"({"x":"\)"}) {
    CAPTURE(odd);
    CHECK_FALSE(CopyWithId(odd, 12, 7, copy));
  }
}

TEST_CASE("the record of a lost job ends it") {
  CHECK(RecordOfLoss(3, false, 1.5, "a \"b\"\n") ==
        R"({"id":3,"events":[{"timestamp":1.500000,"name":"exception","context":)"
        R"({"type":"lost","severity":0,"note":"a \"b\"\u000a"}},)"
        R"({"timestamp":1.500000,"name":"clean"}]})");
  CHECK(RecordOfLoss(3, true, 2, "n") ==
        R"({"id":3,"events":[{"timestamp":2.000000,"name":"clean"}]})");
}

TEST_CASE("the shape of an instance is read from its resources") {
  const std::optional<Shape> shape = ShapeOf(
      R"({"R":{"version":1,"execution":{"R_lite":[{"rank":"0-2,5","children":)"
      R"({"core":"0-7","gpu":"0-1"}},{"rank":"3","children":{"core":"0-15"}}]}},"drain":{}})");
  REQUIRE(shape.has_value());
  CHECK(*shape == Shape{5, 48, 16, 8});
  for (const char* const odd :
       {"", "{}", "[]", R"({"R":7})", R"({"R":{"execution":{"R_lite":[]}}})",
        R"({"R":{"execution":{"R_lite":[{"rank":7}]}}})"}) {
    CAPTURE(odd);
    CHECK_FALSE(ShapeOf(odd).has_value());
  }
  CHECK(journal::CountIds("") == 0);
  CHECK(journal::CountIds("[0-3,7]") == 5);
  for (const char* const odd : {"3-1", "x", "1-", "-", "0-99999999999", ",", "1,,2"}) {
    CAPTURE(odd);
    CHECK_FALSE(journal::CountIds(odd).has_value());
  }
}

TEST_CASE("the need of a job is read from its jobspec") {
  const Need need = NeedOf(
      R"({"resources":[{"type":"node","count":2,"with":[{"type":"slot","count":3,"with":)"
      R"([{"type":"core","count":4},{"type":"gpu","count":1}],"label":"task"}]}],"tasks":[],"att)");
  CHECK(need == Need{2, 24, 12, 6});
  CHECK(NeedOf(R"({"resources":[{"type":"slot","count":3,"with":[{"type":"core","count":2}]}])") ==
        Need{0, 6, 0, 0});
  CHECK(need.FitsIn({2, 24, 12, 6}));
  CHECK_FALSE(need.FitsIn({1, 24, 24, 6}));
  CHECK_FALSE(need.FitsIn({4, 32, 8, 8}));
  for (const char* const odd : {"", "{", R"({"resources":7})", R"({"resources":[[[[)"}) {
    CAPTURE(odd);
    CHECK(NeedOf(odd) == Need());
  }
}

TEST_CASE("a sub-instance on this host is connected to without ssh") {
  CHECK(ConnectableUri("ssh://here/tmp/x/local-0", "here") == "local:///tmp/x/local-0");
  CHECK(ConnectableUri("ssh://there/tmp/x/local-0", "here") == "ssh://there/tmp/x/local-0");
  CHECK(ConnectableUri("local:///tmp/x", "here") == "local:///tmp/x");
  CHECK(ConnectableUri("ssh://here", "here") == "ssh://here");
  CHECK(ConnectableUri("", "here").empty());
}

}  // namespace flux_ensemble::tree
