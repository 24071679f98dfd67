import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** The partitions that Kafka's own client chooses: `PartitionsOf 40 BTCUSDT ETHUSDT` prints a line for each key. */
public class PartitionsOf {
    public static void main(String[] words) {
        int partitions = Integer.parseInt(words[0]);
        for (int i = 1; i < words.length; i++)
            System.out.println(BuiltInPartitioner.partitionForKey(words[i].getBytes(StandardCharsets.UTF_8), partitions));
    }
}
