using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Prefork.IntegrationTests;

/// <summary>UDP is shared, whatever the policy.</summary>
public class Udp
{
    [Theory]
    [InlineData("rr", "127.0.0.1:0")]
    [InlineData("none", "127.0.0.1:0")]
    [InlineData("rr", "[::1]:0")]
    public async Task WorkersReceiveFromOneSocket_AndADisconnectEndsIt(string policy, string what)
    {
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"send 1 udp {what}");
        var endPoint = IPEndPoint.Parse((await cluster.ExpectAsync("message 1 binds ")).Split(' ')[3]);
        await cluster.TellAsync($"send 2 udp {what}");
        Assert.Equal(endPoint, IPEndPoint.Parse((await cluster.ExpectAsync("message 2 binds ")).Split(' ')[3]));
        await cluster.ExpectEverAsync($"listening 1 {endPoint.Address} {endPoint.Port} udp{(endPoint.AddressFamily == AddressFamily.InterNetwork ? 4 : 6)}");
        using var client = new UdpClient(endPoint.AddressFamily);
        for (var i = 0; i < 20; i++)
        {
            Assert.Contains(await AskAsync(client, endPoint), new[] { "1", "2" });
        }

        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=0");
        Assert.Equal("2", await AskAsync(client, endPoint));
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=0");
        using var free = new UdpClient(endPoint);
    }

    [Fact]
    public async Task AnAddressInUse_ReachesTheWorkerThatAsked()
    {
        using var taken = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"send 1 udp {taken.Client.LocalEndPoint}");
        await cluster.ExpectAsync("message 1 udp ended SocketException AddressAlreadyInUse");
    }

    private static async Task<string> AskAsync(UdpClient client, IPEndPoint endPoint)
    {
        await client.SendAsync("who"u8.ToArray(), endPoint);
        using var timeout = new CancellationTokenSource(TestProgram.Patience);
        return Encoding.UTF8.GetString((await client.ReceiveAsync(timeout.Token)).Buffer);
    }
}
