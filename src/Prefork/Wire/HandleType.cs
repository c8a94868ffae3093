namespace Prefork.Wire;

/// <summary>What Node calls a descriptor that rides on a message.</summary>
internal static class HandleType
{
    /// <summary>A connection for a worker, or a listening socket that workers share.</summary>
    internal const string Native = "net.Native";

    /// <summary>A connected stream socket of the user's.</summary>
    internal const string Socket = "net.Socket";

    /// <summary>A listening stream socket of the user's.</summary>
    internal const string Server = "net.Server";

    /// <summary>A UDP socket that workers share.</summary>
    internal const string DatagramNative = "dgram.Native";

    /// <summary>A UDP socket of the user's.</summary>
    internal const string DatagramSocket = "dgram.Socket";

    /// <summary>Ours: the worker's end of a lane. Sent only to a worker that asked for one.</summary>
    internal const string Lane = "prefork.Lane";

    /// <summary>Ours: the worker's page of the scoreboard. Sent only to a worker that said it can read it.</summary>
    internal const string Scoreboard = "prefork.Scoreboard";
}
