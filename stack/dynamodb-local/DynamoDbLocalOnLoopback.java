import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local bound to loopback. The stock ServerRunner has no option for the address and listens on every interface,
 * without authentication; so the address is set on its Jetty connectors before they open. Takes the options of ServerRunner.
 */
public class DynamoDbLocalOnLoopback {
  public static void main(String[] options) throws Exception {
    try {
      DynamoDBProxyServer local = ServerRunner.createServerFromCommandLineArgs(options);
      bindToLoopback(local);
      local.safeStart();
      local.join();
    } catch (Exception failure) {
      failure.printStackTrace();
      System.exit(1); // Jetty's threads would keep a server alive that never opened its port.
    }
  }

  private static void bindToLoopback(DynamoDBProxyServer local) throws ReflectiveOperationException {
    var jetty = DynamoDBProxyServer.class.getDeclaredField("server");
    jetty.setAccessible(true);
    for (Connector connector : ((Server) jetty.get(local)).getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
  }
}
