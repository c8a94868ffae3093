using System.Net;
using System.Net.Sockets;
using Prefork.Processes;

namespace Prefork.Tests.Processes;

public class AddressHolderTests
{
    private const string Table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1
           1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1
           2: 0100007F:1F92 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 103 1
           3: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 104 1
           4: no table
        """;

    [Theory]
    [InlineData("127.0.0.1", 8080, "101")]
    [InlineData("127.0.0.2", 8080, "")]
    [InlineData(null, 8080, "101,104")]
    [InlineData("::1", 8080, "104")]
    [InlineData("127.0.0.1", 8081, "102")]
    [InlineData("127.0.0.1", 8082, "")]
    public void Inodes_AreThoseThatStandInTheWay(string? address, int port, string inodes)
        => Assert.Equal(inodes, string.Join(',', AddressHolder.Inodes(Table.Split('\n'), address is null ? null : IPAddress.Parse(address), port, "0A")));

    [Fact]
    public void Find_FindsTheProcess()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Assert.Equal(Environment.ProcessId, AddressHolder.Find(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port, udp: false));
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        Assert.Equal(Environment.ProcessId, AddressHolder.Find(IPAddress.IPv6Loopback, ((IPEndPoint)datagrams.Client.LocalEndPoint!).Port, udp: true));
    }
}
