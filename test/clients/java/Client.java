import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.concurrent.Executors;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketAlreadyOwnedByYouException;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * The AWS SDK for Java v2 as an application has it: nothing here knows of a mesh. GET
 * /call?case=NAME runs one case and answers with JSON, {"ok": true, "value": "..."} or
 * {"ok": false, "error": "..."}.
 */
public final class Client {
    private static final String BUCKET = "clients-java";
    private static final String ACCESS_POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint/" + BUCKET;

    private static Object run(String name) {
        return switch (name) {
            case "dynamodb/ListTables" -> DynamoDbClient.create().listTables();
            case "secretsmanager/CreateSecret" -> SecretsManagerClient.create()
                    .createSecret(r -> r.name(UUID.randomUUID().toString()).secretString("s")).arn();
            case "sts/GetCallerIdentity" -> StsClient.create().getCallerIdentity().arn();
            case "sns/ListTopics" -> SnsClient.create().listTopics();
            case "kms/ListKeys" -> KmsClient.create().listKeys();
            case "iam/ListUsers" -> IamClient.builder().region(Region.AWS_GLOBAL).build().listUsers();
            case "s3/PutObject" -> write(BUCKET);
            case "s3/dotted bucket" -> write("clients.java");
            case "s3/access point" -> S3Client.create().putObject(r -> r.bucket(ACCESS_POINT).key("key"), RequestBody.fromString("text"));
            case "s3/presigned URL" -> S3Presigner.create().presignGetObject(p -> p
                    .signatureDuration(Duration.ofMinutes(5)).getObjectRequest(r -> r.bucket(BUCKET).key("key"))).url();
            case "dynamodb/other region" -> DynamoDbClient.builder().region(Region.US_EAST_1).build().listTables();
            case "dynamodb/FIPS" -> DynamoDbClient.builder().fipsEnabled(true).build().listTables();
            default -> throw new NoSuchElementException("no case " + name);
        };
    }

    private static String write(String bucket) {
        S3Client s3 = S3Client.create();
        try {
            s3.createBucket(r -> r.bucket(bucket).createBucketConfiguration(c -> c.locationConstraint(System.getenv("AWS_REGION"))));
        } catch (BucketAlreadyOwnedByYouException there) {
            // as it should be
        }
        s3.putObject(r -> r.bucket(bucket).key("key"), RequestBody.fromString("text"));
        return s3.getObjectAsBytes(r -> r.bucket(bucket).key("key")).asUtf8String();
    }

    public static void main(String[] args) throws Exception {
        trust(System.getenv("CA_FILE"));
        HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/", e -> answer(e, 200, "{}"));
        server.createContext("/call", Client::call);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
    }

    private static void call(HttpExchange exchange) throws IOException {
        String name = URLDecoder.decode(exchange.getRequestURI().getRawQuery().replaceFirst("^case=", ""), StandardCharsets.UTF_8);
        try {
            answer(exchange, 200, "{\"ok\": true, \"value\": " + quote(String.valueOf(run(name))) + "}");
        } catch (RuntimeException error) {
            StringWriter said = new StringWriter();
            error.printStackTrace(new PrintWriter(said));
            answer(exchange, 200, "{\"ok\": false, \"error\": " + quote(said.toString().replaceAll("\n\\s+at .*", "")) + "}");
        }
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Connection", "close"); // as in client.mjs
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> out.append(c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : (char) c));
        return out.append('"').toString();
    }

    /** Has the SDK trust the certificates of a PEM file, as the other languages can be told by a variable. */
    private static void trust(String file) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(file)) {
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry(UUID.randomUUID().toString(), c);
            }
        }
        Path trusted = Files.createTempFile("trusted", ".p12");
        try (OutputStream out = Files.newOutputStream(trusted)) {
            store.store(out, "password".toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", trusted.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "password");
    }
}
