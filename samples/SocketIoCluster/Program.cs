using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Prefork;
using SocketIoCluster;

// A socket.io server on several Node workers. Their primary is this program, in place of the one in JavaScript that calls
// setupPrimary() of @socket.io/sticky and of @socket.io/cluster-adapter. In this folder: npm install, and then dotnet run.
Cluster.SetupPrimary(settings =>
{
    settings.Exec = args is [var script] ? script : "server.js";
    settings.Serialization = ChannelSerialization.Advanced; // packets may be bytes, and the start of a connection is
});
AdapterRelay.Start();
var works = false;
var sessions = new StickySessions();
Cluster.MessageReceived += (_, e) =>
{
    if (Packet.Read(e.Message) is "ready")
    {
        works = true;
        Console.WriteLine($"Worker {e.Worker.Id} (process {e.Worker.Process.Id}) is ready");
    }
};
using var failed = new CancellationTokenSource();
Cluster.Exited += (_, e) =>
{
    Console.WriteLine($"worker {e.Worker.Process.Id} died");
    if (works && !e.Exit.Asked)
    {
        Cluster.Fork();
    }
    else if (!e.Exit.Asked)
    {
        failed.Cancel(); // none has been ready yet: the next one would fare no better
    }
};

var workers = int.Parse(Environment.GetEnvironmentVariable("WORKERS") ?? "2", CultureInfo.InvariantCulture);
for (var i = 0; i < workers; i++)
{
    Cluster.Fork();
}

// The primary accepts by itself: which worker a connection belongs to stands in its first request.
using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "3000", CultureInfo.InvariantCulture)));
listener.Listen();
_ = sessions.ServeAsync(listener);
Console.WriteLine($"Listening on {listener.LocalEndPoint}");
await Cluster.WaitForShutdownAsync(failed.Token);
return failed.IsCancellationRequested ? 1 : 0;
