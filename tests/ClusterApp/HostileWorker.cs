using System.Net.Sockets;
using System.Text;

namespace ClusterApp;

/// <summary>A worker that speaks the raw channel, badly. It reads until the primary hangs up, and exits 7 then; 8 when a descriptor is refused, 10 when a path is.</summary>
internal static class HostileWorker
{
    internal static void Run(string offence)
    {
        using var channel = new Socket(new SafeSocketHandle(3, ownsHandle: true)) { Blocking = true };
        if (offence.StartsWith("advanced-", StringComparison.Ordinal))
        {
            SendFrames(channel, offence);
            offence = "wait";
        }
        else
        {
            channel.Send(offence == "nopage"
                ? "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\",\"seq\":0,\"prefork\":{\"version\":1}}\n"u8
                : "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\",\"seq\":0}\n"u8);
        }

        switch (offence)
        {
            case "wait" or "nopage":
                break;
            case "half":
                channel.Send("{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\""u8);
                channel.Shutdown(SocketShutdown.Send);
                break;
            case "endless":
                SendEndless(channel);
                break;
            case "steal":
                // Every descriptor of the primary's, as if it were a UDP socket to share.
                channel.Send(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200).Select(fd =>
                    $"{{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\",\"index\":0,\"data\":null,\"address\":null,\"port\":null,\"addressType\":\"udp4\",\"fd\":{fd},\"flags\":0,\"seq\":{fd + 1}}}\n"))));
                break;
            case "stealstreams":
                // The same as if each were a socket to listen on. Ends with 66 when one is given.
                const int Descriptors = 200;
                channel.Send(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Descriptors).Select(fd =>
                    $"{{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\",\"index\":0,\"data\":null,\"address\":null,\"port\":null,\"addressType\":null,\"fd\":{fd},\"backlog\":0,\"seq\":{fd + 1}}}\n"))));
                using (var answers = new StreamReader(new NetworkStream(channel)))
                {
                    for (var refused = 0; refused < Descriptors;)
                    {
                        var line = answers.ReadLine() ?? "";
                        refused += line.Contains("\"errno\":-", StringComparison.Ordinal) ? 1 : line.Contains("\"ack\":", StringComparison.Ordinal) || line.Length == 0 ? ExitWith(66) : 0;
                    }
                }

                Environment.Exit(7);
                break;
            case "poison":
                channel.Send(Encoding.UTF8.GetBytes(
                    $"{{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\",\"index\":0,\"data\":{new string('[', 4095)}{new string(']', 4095)},\"address\":\"127.0.0.1\",\"port\":0,\"addressType\":4,\"flags\":0,\"backlog\":0,\"seq\":1}}\n"));
                break;
            case "surrogate":
                channel.Send(Encoding.UTF8.GetBytes(Query(1, "127.0.0.1", 0, 4, 0, "\"\\ud800\"")));
                break;
            case "reopen":
                // The second query waits until the first one's listener is closed, and is an offence when its turn comes.
                channel.Send(Encoding.UTF8.GetBytes(
                    Query(1, "127.0.0.1", 0, 4, 77) + "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"close\",\"key\":\"127.0.0.1:0:4::77\",\"seq\":2}\n"
                    + Query(3, "127.0.0.1", 0, 4, 77, $"\"{new string('x', 70_000)}\"")));
                break;
            case "path":
                // The primary binds, and this one never listens.
                channel.Send(Encoding.UTF8.GetBytes(Query(1, Environment.GetEnvironmentVariable("HOSTILE_PATH")!, -1, -1, 0)));
                break;
            case "listens":
                Environment.Exit(SendListening(channel) ? 9 : 7);
                break;
            case "asks":
                SendQuestions(channel);
                break;
            default:
                HostileDescriptors.Send(channel, offence);
                break;
        }

        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var count = channel.Receive(buffer);
                if (count == 0)
                {
                    break;
                }

                if (offence == "steal" && Encoding.UTF8.GetString(buffer, 0, count).Contains("NODE_HANDLE", StringComparison.Ordinal))
                {
                    Environment.Exit(66);
                }

                if (offence == "nopage" && Encoding.UTF8.GetString(buffer, 0, count).Contains("NODE_HANDLE\"", StringComparison.Ordinal))
                {
                    // Received without room for the descriptor, which the kernel has closed.
                    channel.Send("{\"cmd\":\"NODE_HANDLE_NACK\"}\n"u8);
                }

                if (offence == "path" && Encoding.UTF8.GetString(buffer, 0, count).Contains("\"errno\":-22", StringComparison.Ordinal))
                {
                    Environment.Exit(10);
                }

                if (Encoding.UTF8.GetString(buffer, 0, count).Contains("NODE_HANDLE_NACK", StringComparison.Ordinal))
                {
                    Environment.Exit(8);
                }

                if (Encoding.UTF8.GetString(buffer, 0, count).Contains("\"disconnect\"", StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // Reset: hung up with our words unread.
        }

        Environment.Exit(7);
    }

    private static int ExitWith(int code)
    {
        Environment.Exit(code);
        return code;
    }

    /// <summary>Node's 'advanced' channel: a length, and V8's bytes.</summary>
    private static void SendFrames(Socket channel, string offence)
    {
        var online = Convert.FromHexString("0000002cff0f6f2203636d64220c4e4f44455f434c5553544552220361637422066f6e6c696e65220373657149007b03");
        channel.Send(online);
        channel.Send(offence switch
        {
            "advanced-version" => [0, 0, 0, 3, 0xFF, 16, (byte)'0'],
            "advanced-endless" => [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 15],
            "advanced-half" => online.AsSpan(0, 20),

            // seq is an array, and then the message itself.
            "advanced-types" => Frame([.. online[4..^4], (byte)'A', 0, (byte)'$', 0, 0, (byte)'{', 3]),
            "advanced-reference" => Frame([.. online[4..^4], (byte)'^', 0, (byte)'{', 3]),
            "advanced-deep" => Frame([0xFF, 15, .. Enumerable.Repeat((byte)'\'', 1_000_000)]),
            _ => [0, 0, 0, 3, 1, 2, 3],
        });
        if (offence == "advanced-half")
        {
            channel.Shutdown(SocketShutdown.Send);
        }
    }

    private static byte[] Frame(byte[] body) => [(byte)(body.Length >> 24), (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static string Query(int sequence, string address, int port, int type, int index, string data = "null")
        => $"{{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\",\"index\":{index},\"data\":{data},\"address\":\"{address}\",\"port\":{port},\"addressType\":{type},\"flags\":0,\"backlog\":0,\"seq\":{sequence}}}\n";

    /// <summary>200 MiB of events, or as much of it as anybody takes; true when held back.</summary>
    private static bool SendListening(Socket channel)
    {
        var line = Encoding.UTF8.GetBytes(
            $"{{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\",\"address\":\"{new string('x', 60_000)}\",\"port\":1,\"addressType\":4,\"seq\":1}}\n");
        channel.SendTimeout = 2000;
        try
        {
            for (var i = 0; i < 200 * 1024 * 1024 / line.Length; i++)
            {
                channel.Send(line);
            }

            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Half a million questions, and not one answer read.</summary>
    private static void SendQuestions(Socket channel)
    {
        var block = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"cmd\":\"NODE_SOCKET_GET_COUNT\",\"key\":\"a\"}\n", 1000)));
        channel.SendTimeout = 2000;
        try
        {
            for (var i = 0; i < 500; i++)
            {
                channel.Send(block);
            }
        }
        catch (SocketException)
        {
            // Held back.
        }
    }

    /// <summary>2 GiB in one line, or as much of it as anybody takes.</summary>
    private static void SendEndless(Socket channel)
    {
        var block = Encoding.UTF8.GetBytes(new string('x', 1024 * 1024));
        try
        {
            channel.Send("\""u8);
            for (var i = 0; i < 2048; i++)
            {
                channel.Send(block);
            }
        }
        catch (SocketException)
        {
            // Hung up.
        }
    }
}
