using System.Net;
using System.Net.Sockets;
using Prefork.Native;
using Prefork.Primary.Accept;

namespace Prefork.Tests.Primary.Accept;

public class AcceptSourcesTests
{
    [Fact]
    public void TheNewest_IsPolled_HoweverManyOldOnesHaveClients()
    {
        var files = new BlockingPool("files", mostThreads: 1);
        files.Start();
        var sources = new AcceptSources("test", null!, files);
        var clients = new List<Socket>();
        var newest = 0;
        for (var i = 0; i < AcceptSources.MostReplaced + 4; i++)
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(listener.LocalEndPoint!);
            clients.Add(client);
            newest = (int)listener.Handle;
            sources.Add(listener);
        }

        var polled = new PollFd[AcceptSources.MostReplaced + 1];
        Assert.Equal(polled.Length, sources.Poll(polled, 0));
        Assert.Contains(newest, polled.Select(static descriptor => descriptor.Descriptor));
        sources.Close(static () => { });
        clients.ForEach(static client => client.Dispose());
    }
}
