using System.Net;
using System.Net.Sockets;
using Prefork.Native;

namespace Prefork.Tests.Native;

/// <summary>Sockets whose close waits a minute for a client that does not read.</summary>
public sealed class CloserTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly Closer _closer = new();
    private readonly Socket _client;
    private readonly FileDescriptor _server;
    private readonly int _sent;

    public CloserTests()
    {
        Closer.Start();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _client.Connect(listener.LocalEndPoint!);
        using var server = listener.Accept();
        server.Blocking = false;
        server.LingerState = new LingerOption(enable: true, 60);
        var data = new byte[64 * 1024];
        SocketError error;
        do
        {
            _sent += server.Send(data, SocketFlags.None, out error);
        }
        while (error == SocketError.Success);
        _server = FileDescriptor.Duplicate(server.SafeHandle);
    }

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task CloseForeign_DoesNotLinger()
    {
        var closed = new TaskCompletionSource();
        _closer.CloseForeign(_server, closed.SetResult);
        await closed.Task.WaitAsync(s_patience);
    }

    [Fact]
    public async Task CloseHandedOver_LingersElsewhere_AndTheClientGetsAll()
    {
        _closer.CloseHandedOver(_server.Release());
        var buffer = new byte[64 * 1024];
        var received = 0;
        int count;
        while ((count = await _client.ReceiveAsync(buffer).WaitAsync(s_patience)) > 0)
        {
            received += count;
        }

        Assert.Equal(_sent, received);
    }

    [Fact]
    public async Task WhileOneLingers_OthersCloseTheirs()
    {
        _closer.CloseShared(_server);
        var (ours, other) = SocketPair.Stream();
        using (other)
        {
            var closed = new TaskCompletionSource();
            new Closer().CloseForeign(ours, closed.SetResult);
            await closed.Task.WaitAsync(s_patience);
        }
    }
}
