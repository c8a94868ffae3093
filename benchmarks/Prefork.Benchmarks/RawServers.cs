using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Prefork.Benchmarks;

/// <summary>What a worker does with a connection it was given; each owns it and closes it.</summary>
internal static class RawServers
{
    private static readonly TimeSpan _handling = TimeSpan.FromMilliseconds(2);
    private static readonly byte[] _id = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Cluster.Worker?.Id}\n"));

    public static void CloseAtOnce(Socket connection) => connection.Dispose();

    public static void TellWorkerId(Socket connection)
    {
        connection.Send(_id);
        connection.Dispose();
    }

    /// <summary>'A' says that the worker has the connection, before anything else: whoever dies after it lost a connection it held.</summary>
    public static void TellReceivedThenAnswer(Socket connection)
    {
        connection.Send("A"u8);
        _ = AnswerAsync(connection);
    }

    private static async Task AnswerAsync(Socket connection)
    {
        using (connection)
        {
            await connection.ReceiveAsync(new byte[16]);
            await Task.Delay(_handling);
            await connection.SendAsync("B\n"u8.ToArray());
        }
    }
}
