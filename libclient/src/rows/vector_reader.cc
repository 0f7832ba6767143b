#include "rows/vector_reader.h"

#include <string>

#include "rows/malformed.h"

namespace e6::client {
namespace {

namespace thrift = apache::thrift::protocol;

// How the first field of a member of `Data` travels.
struct Shape {
  bool list;
  ThriftType element;
  std::size_t width;  // 0: text
};

std::optional<Shape> shape_of(DataField field) noexcept {
  switch (field) {
    case DataField::kBools:
      return Shape{true, thrift::T_BOOL, 1};
    case DataField::kInt32s:
      return Shape{true, thrift::T_I32, 4};
    case DataField::kInt64s:
    case DataField::kDates:
    case DataField::kTimes:
      return Shape{true, thrift::T_I64, 8};
    case DataField::kFloats:
    case DataField::kDoubles:
      return Shape{true, thrift::T_DOUBLE, 8};
    case DataField::kTexts:
    case DataField::kDecimals:
      return Shape{true, thrift::T_STRING, 0};
    case DataField::kBool:
      return Shape{false, thrift::T_BOOL, 1};
    case DataField::kNull:
    case DataField::kInterval:
      return Shape{false, thrift::T_BYTE, 1};
    case DataField::kInteger:
    case DataField::kDate:
    case DataField::kTime:
      return Shape{false, thrift::T_I64, 8};
    case DataField::kReal:
      return Shape{false, thrift::T_DOUBLE, 8};
    case DataField::kText:
    case DataField::kDecimal:
      return Shape{false, thrift::T_STRING, 0};
    case DataField::kNone:
      break;
  }
  return std::nullopt;
}

void expect(const ListHead& list, ThriftType element) {
  if (list.count > 0 && list.element != element)
    throw Malformed("a list of Thrift's type " + std::to_string(list.element) + " in place of " +
                    std::to_string(element));
}

TextArray read_texts(ChunkReader& in, std::size_t count) {
  TextArray texts(count);
  std::string_view* out = texts.data();
  for (std::size_t i = 0; i < count; ++i) out[i] = in.text();
  return texts;
}

TextArray read_text_list(ChunkReader& in) {
  const ListHead list = in.list();
  expect(list, thrift::T_STRING);
  return read_texts(in, list.count);
}

void read_values(ChunkReader& in, const Shape& shape, RawVector& vector) {
  vector.count = 1;
  if (shape.list) {
    const ListHead list = in.list();
    expect(list, shape.element);
    vector.count = list.count;
  }
  if (shape.width == 0) {
    vector.texts = read_texts(in, vector.count);
  } else {
    vector.values = in.take(vector.count * shape.width);
  }
}

// The second field of a member: zones of times, the scale of decimals.
bool read_second(ChunkReader& in, ThriftType type, RawVector& vector) {
  switch (vector.field) {
    case DataField::kTimes:
    case DataField::kTime:
      if (type == thrift::T_LIST) {
        vector.zones = read_text_list(in);
      } else if (type == thrift::T_STRING) {
        vector.zones = read_texts(in, 1);
      } else {
        return false;
      }
      return true;
    case DataField::kDecimals:
    case DataField::kDecimal:
      if (type != thrift::T_I32) return false;
      vector.scale = in.i32();
      return true;
    default:
      return false;
  }
}

void read_data(ChunkReader& in, RawVector& vector) {
  for (FieldHead member = in.field(); member.type != thrift::T_STOP; member = in.field()) {
    const auto field = static_cast<DataField>(member.id);
    const std::optional<Shape> shape = shape_of(field);
    if (!shape || member.type != thrift::T_STRUCT) {
      in.skip(member.type);
      continue;
    }
    if (vector.field != DataField::kNone) throw Malformed("a vector with two kinds of data");
    vector.field = field;
    const ThriftType outer = shape->list ? thrift::T_LIST : shape->element;
    for (FieldHead head = in.field(); head.type != thrift::T_STOP; head = in.field()) {
      if (head.is(outer, 1)) {
        read_values(in, *shape, vector);
      } else if (head.id != 2 || !read_second(in, head.type, vector)) {
        in.skip(head.type);
      }
    }
  }
}

}  // namespace

RawVector read_vector(ChunkReader& in) {
  RawVector vector;
  for (FieldHead head = in.field(); head.type != thrift::T_STOP; head = in.field()) {
    if (head.is(thrift::T_I32, 1)) {
      vector.size = in.i32();
    } else if (head.is(thrift::T_I32, 2)) {
      vector.type = in.i32();
    } else if (head.is(thrift::T_LIST, 3)) {
      const ListHead list = in.list();
      expect(list, thrift::T_BOOL);
      vector.null_count = list.count;
      vector.nulls = in.take(list.count);
    } else if (head.is(thrift::T_STRUCT, 4)) {
      read_data(in, vector);
    } else if (head.is(thrift::T_BOOL, 5)) {
      vector.constant = *in.boolean() != 0;
    } else {
      in.skip(head.type);  // zoneOffset and format among them: they change no value
    }
  }
  // Checked here so that a list of nothing but empty vectors costs nothing.
  if (!vector.size || !vector.type) throw Malformed("a vector without size or type");
  return vector;
}

}  // namespace e6::client
