using Prefork.Tool;

if (!OpenFiles.AreEnough())
{
    return ExitCodes.Usage;
}

// What this process was given beyond its standard streams, such as a lock that a deploy script holds, is not its workers' to keep.
Prefork.Tool.Control.Native.KeepDescriptors();
StandardStream.Install();
return await CommandTree.RunAsync(args);
