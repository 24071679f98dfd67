/*
 * Reads Iceberg tables with Iceberg's own Java library and tells what it sees, for a test to compare.
 *
 *   java -cp 'jars/*' Reader.java REQUESTS.json [ENDPOINT]
 *
 * s3:// locations are fetched from the endpoint, which asks for no signature.
 *
 * Requests and answers are those of check_lake.py: [{"table", "metadata_location", "snapshot_id" (optional)}] gives
 * [{"table", "schema", "snapshots", "rows", "digest", "sums": {decimal column: sum}}].
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.hadoop.HadoopFileIO;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.types.Types;

public class Reader {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    List<Object> answers = new ArrayList<>();
    FileIO io = args.length > 1 ? new EndpointIO(args[1]) : new HadoopFileIO(new Configuration());
    for (JsonNode request : JSON.readTree(new File(args[0]))) answers.add(check(request, io));
    System.out.println(JSON.writeValueAsString(answers));
  }

  /** Objects of an emulator of S3, each fetched whole. */
  private record EndpointIO(String endpoint) implements FileIO {
    @Override
    public InputFile newInputFile(String location) {
      try {
        File copy = File.createTempFile("object", location.replaceAll(".*/", ""));
        copy.deleteOnExit();
        String address = endpoint + "/" + location.substring("s3://".length());
        try (InputStream object = URI.create(address).toURL().openStream()) {
          Files.copy(object, copy.toPath(), StandardCopyOption.REPLACE_EXISTING);
        }
        return org.apache.iceberg.Files.localInput(copy);
      } catch (IOException error) {
        throw new UncheckedIOException(location, error);
      }
    }

    @Override
    public OutputFile newOutputFile(String location) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void deleteFile(String location) {
      throw new UnsupportedOperationException();
    }
  }

  private static Map<String, Object> check(JsonNode request, FileIO io) throws Exception {
    String location = request.get("metadata_location").asText();
    Table table = new BaseTable(new StaticTableOperations(location, io), request.get("table").asText());
    IcebergGenerics.ScanBuilder scan = IcebergGenerics.read(table);
    if (request.has("where")) scan = scan.where(predicate(request.get("where")));
    if (request.has("snapshot_id")) scan = scan.useSnapshot(request.get("snapshot_id").asLong());

    List<Types.NestedField> columns = table.schema().columns();
    Map<String, BigDecimal> sums = new LinkedHashMap<>();
    List<String> hashes = new ArrayList<>();
    try (CloseableIterable<Record> records = scan.build()) {
      for (Record record : records) {
        List<String> texts = new ArrayList<>();
        for (Types.NestedField column : columns) {
          Object value = record.getField(column.name());
          texts.add(text(value));
          if (value instanceof BigDecimal decimal) sums.merge(column.name(), decimal, BigDecimal::add);
        }
        hashes.add(sha256(JSON.writeValueAsString(texts)));
      }
    }
    Collections.sort(hashes);

    Map<String, String> schema = new LinkedHashMap<>();
    for (Types.NestedField column : columns) schema.put(column.name(), column.type().toString());
    List<Long> snapshots = new ArrayList<>();
    for (Snapshot snapshot : table.snapshots()) snapshots.add(snapshot.snapshotId());
    Map<String, String> sumTexts = new LinkedHashMap<>();
    sums.forEach((name, sum) -> sumTexts.put(name, sum.toPlainString()));

    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("table", request.get("table").asText());
    answer.put("schema", schema);
    answer.put("snapshots", snapshots);
    answer.put("rows", hashes.size());
    answer.put("digest", sha256(String.join("\n", hashes)));
    answer.put("sums", sumTexts);
    return answer;
  }

  private static Expression predicate(JsonNode where) {
    Expression.Operation operation =
        switch (where.get("operation").asText()) {
          case ">=" -> Expression.Operation.GT_EQ;
          case "<" -> Expression.Operation.LT;
          default -> Expression.Operation.EQ;
        };
    return Expressions.predicate(operation, where.get("column").asText(), new BigDecimal(where.get("value").asText()));
  }

  /** As check_lake.py writes it. */
  private static String text(Object value) throws Exception {
    if (value == null) return null;
    if (value instanceof OffsetDateTime time) return Long.toString(ChronoUnit.MICROS.between(Instant.EPOCH, time.toInstant()));
    if (value instanceof BigDecimal decimal) return decimal.toPlainString();
    if (value instanceof ByteBuffer bytes) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      return HexFormat.of().formatHex(copy);
    }
    if (value instanceof List<?> list) return JSON.writeValueAsString(list);
    if (value instanceof Map<?, ?> map) {
      List<List<Object>> pairs = new ArrayList<>();
      new TreeMap<>(map).forEach((key, item) -> pairs.add(List.of(key, item)));
      return JSON.writeValueAsString(pairs);
    }
    return value.toString();
  }

  private static String sha256(String text) throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash);
  }
}
